# shellcheck shell=bash disable=SC2154  # settings are those of common.sh
# RabbitMQ: one node and a port mapper (epmd) of its own, both on loopback.

# The packaged programs in /usr/sbin switch to another user; these run as whoever calls them.
rabbitmq_programs=/usr/lib/rabbitmq/bin

rabbitmq_home() { printf %s/rabbitmq "$folder"; }
rabbitmq_exists() { [ -f "$(rabbitmq_home)/rabbitmq.conf" ]; }
rabbitmq_log() { printf %s/log/fieldreport_%s@localhost.log "$(rabbitmq_home)" "$amqp_port"; }

# in_rabbitmq COMMAND…: with everything private to this node.
in_rabbitmq() (
    home=$(rabbitmq_home)
    loopback='-kernel inet_dist_use_interface {127,0,0,1}'
    export HOME=$home
    export ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP=$home/log/erl_crash.dump
    export RABBITMQ_NODENAME=fieldreport_$amqp_port@localhost
    export RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$amqp_port RABBITMQ_DIST_PORT=$distribution_port
    export RABBITMQ_MNESIA_BASE=$home/data RABBITMQ_LOG_BASE=$home/log RABBITMQ_SCHEMA_DIR=$home/schema
    export RABBITMQ_GENERATED_CONFIG_DIR=$home/generated RABBITMQ_PID_FILE=$home/beam.pid
    export RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf RABBITMQ_ADVANCED_CONFIG_FILE=$home/advanced.config
    export RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins RABBITMQ_CONF_ENV_FILE=$home/none.conf
    # Schedulers that wait by spinning would take the cores from everybody else.
    export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback -start_epmd false +sbwt none +sbwtdcpu none +sbwtdio none"
    export RABBITMQ_CTL_ERL_ARGS="$loopback -start_epmd false"
    # Erlang makes tables as large as the limit, which some containers set to a thousand million.
    ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
    "$@"
)

rabbitmq_ctl() { in_rabbitmq "$rabbitmq_programs/rabbitmqctl" "$@"; }

# Writes down which queues there are. RabbitMQ of before 2024 does so up to a second after a declaration, and a queue whose
# server is killed earlier is lost with all it has confirmed; see deploy/rabbitmq/README.md.
settle_rabbitmq() { rabbitmq_ctl eval '[ok = dets:sync(Table) || Table <- dets:all()], ok.' >/dev/null; }

create_rabbitmq() {
    local home
    home=$(rabbitmq_home)
    mkdir -p "$home"/{data,log,schema,generated,definitions}
    [ -f "$home/.erlang.cookie" ] || (umask 377; password >"$home/.erlang.cookie")
    echo '[].' >"$home/enabled_plugins"
    sed "s/@FIELDREPORT_BUS_PASSWORD@/$bus_password/" "$repository/deploy/rabbitmq/definitions.json" \
        >"$home/definitions/fieldreport.json"
    cat >"$home/definitions/guest.json" <<JSON
{
  "users": [{"name": "guest", "password": "$guest_password", "tags": ["administrator"]}],
  "vhosts": [{"name": "/"}],
  "permissions": [{"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}]
}
JSON
    {
        cat "$repository/deploy/rabbitmq/rabbitmq.conf"
        printf '\n# Of this node\nlisteners.tcp.default = 127.0.0.1:%d\nload_definitions = %s\n' \
            "$amqp_port" "$home/definitions"
    } >"$home/rabbitmq.conf"
}

# Whatever of the node runs: the shell that started it, and the Erlang machine.
rabbitmq_pids() {
    local home file pid
    home=$(rabbitmq_home)
    for file in server.pid beam.pid; do
        pid=$(first_line "$home/$file")
        if runs "$pid" "-fieldreport $home"; then printf '%s\n' "$pid"; fi
    done
}
beam_pid() {
    local pid
    pid=$(first_line "$(rabbitmq_home)/beam.pid")
    if runs "$pid" "-fieldreport $(rabbitmq_home)"; then printf %s "$pid"; fi
}
epmd_pid() {
    local pid
    pid=$(first_line "$(rabbitmq_home)/epmd.pid")
    if runs "$pid" "epmd -port $epmd_port"; then printf %s "$pid"; fi
}

# detach PIDFILE LOG COMMAND…: starts it in a session of its own; it notes its own id, so that none can run unknown.
# shellcheck disable=SC2016
detach() {
    setsid sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$1" "${@:3}" >"$2" 2>&1 </dev/null 9>&- 7>&- &
}

start_epmd() {
    [ -z "$(epmd_pid)" ] || return 0
    ! port_is_open "$epmd_port" || die "port $epmd_port, which $folder has chosen for epmd, is taken by another program"
    detach "$(rabbitmq_home)/epmd.pid" "$(rabbitmq_home)/log/epmd.log" epmd -port "$epmd_port" -address 127.0.0.1
    eventually port_is_open "$epmd_port" || die "epmd does not start; see $(rabbitmq_home)/log/epmd.log"
}

# Begins to start; await_rabbitmq waits for the end of it.
launch_rabbitmq() {
    [ -z "$(rabbitmq_pids)" ] || return 0
    create_rabbitmq
    local port log
    log=$(rabbitmq_log)
    for port in "$amqp_port" "$distribution_port"; do
        ! port_is_open "$port" || die "port $port, which $folder has chosen for RabbitMQ, is taken by another program"
    done
    start_epmd
    # What the log says of this start must not be mistaken for what it said of an earlier one.
    [ ! -f "$log" ] || mv "$log" "$log.previous"
    rm -f "$(rabbitmq_home)"/{server,beam}.pid
    in_rabbitmq detach "$(rabbitmq_home)/server.pid" "$(rabbitmq_home)/log/console.log" \
        "$rabbitmq_programs/rabbitmq-server" -fieldreport "$(rabbitmq_home)"
    eventually test -s "$(rabbitmq_home)/server.pid" || die "could not start $rabbitmq_programs/rabbitmq-server"
}

# TCP accepts before the boot has ended; only the log tells.
rabbitmq_is_ready() { grep -q 'Server startup complete' "$(rabbitmq_log)" 2>/dev/null && port_is_open "$amqp_port"; }
rabbitmq_is_decided() { rabbitmq_is_ready || [ -z "$(rabbitmq_pids)" ]; }

await_rabbitmq() {
    eventually rabbitmq_is_decided || die "RabbitMQ was not ready within $patience s; see $(rabbitmq_log)"
    rabbitmq_is_ready || {
        tail -n 5 "$(rabbitmq_home)/log/console.log" >&2
        die "RabbitMQ did not start; see $(rabbitmq_home)/log"
    }
}

start_rabbitmq() {
    if [ -n "$(rabbitmq_pids)" ] && rabbitmq_is_ready; then
        say "RabbitMQ runs already on 127.0.0.1:$amqp_port"
        return
    fi
    launch_rabbitmq
    await_rabbitmq
    say "RabbitMQ runs on 127.0.0.1:$amqp_port"
}

stop_rabbitmq() {
    local pids all
    mapfile -t pids < <(rabbitmq_pids)
    [ "${#pids[@]}" -gt 0 ] || return 0
    mapfile -t all < <(tree "${pids[@]}")
    send CONT "${all[@]}"
    # The shell hands the signal on to the Erlang machine and waits for it.
    send TERM "${pids[0]}"
    eventually gone "${all[@]}" || kill_all "${pids[@]}"
    say "RabbitMQ has stopped"
}

kill_rabbitmq() {
    local pids
    mapfile -t pids < <(rabbitmq_pids)
    kill_all "${pids[@]}"
}

stop_epmd() {
    local pid
    pid=$(epmd_pid)
    [ -z "$pid" ] || send TERM "$pid"
    [ -z "$pid" ] || eventually gone "$pid" || kill_all "$pid"
}

signal_rabbitmq() {
    local pid
    pid=$(beam_pid)
    [ -n "$pid" ] || die "RabbitMQ does not run"
    send "$1" "$pid"
}
