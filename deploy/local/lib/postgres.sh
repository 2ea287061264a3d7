# shellcheck shell=bash disable=SC2154  # settings are those of common.sh
# PostgreSQL: a NODE is `postgres`, the first primary, or `standby`.

# PostgreSQL refuses to run as root.
as_postgres() { if [ "$UID" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

# as_file PATH: standard input becomes a file of the user who runs PostgreSQL.
# shellcheck disable=SC2016
as_file() { as_postgres sh -c 'umask 077; cat >"$1"' sh "$1"; }

data_of() { printf %s/%s "$postgres_home" "$1"; }
port_of() { if [ "$1" = standby ]; then printf %s "$standby_port"; else printf %s "$postgres_port"; fi; }
exists() { [ -n "$postgres_home" ] && [ -f "$(data_of "$1")/PG_VERSION" ]; }

# The node that takes writes.
primary() { printf %s "${promoted:-postgres}"; }

# program NAME: of the version that made the data, otherwise of the newest one.
program() {
    local version=''
    if exists postgres; then version=$(first_line "$(data_of postgres)/PG_VERSION"); fi
    [ -n "$version" ] || version=$(find /usr/lib/postgresql -name initdb 2>/dev/null | cut -d / -f 5 | sort -V | tail -n 1)
    printf /usr/lib/postgresql/%s/bin/%s "$version" "$1"
}

# psql_at NODE [ARGUMENT…]: as superuser.
psql_at() {
    PGPASSWORD=$superuser_password psql -X -h 127.0.0.1 -p "$(port_of "$1")" -U postgres "${@:2}"
}
ask() { psql_at "$1" -d postgres -v ON_ERROR_STOP=1 -qAt -c "$2" 2>/dev/null; }

# Where the data lie: in the folder, or, if the user `postgres` cannot get there, in a private folder elsewhere.
choose_postgres_home() {
    local home=$folder/postgres
    if [ "$UID" = 0 ] && ! runuser -u postgres -- test -x "$folder"; then
        home=$(mktemp -d /var/tmp/fieldreport-postgres.XXXXXXXX)
        say "the user postgres cannot enter $folder: the data of PostgreSQL lie in $home"
    fi
    mkdir -p "$home"
    [ "$UID" != 0 ] || chown postgres: "$home"
    remember postgres_home "$home"
}

create_postgres() {
    ! exists postgres || return 0
    local new trust=scram-sha-256
    new=$(data_of new)
    say "making a PostgreSQL cluster in $postgres_home"
    as_postgres rm -rf "$new"
    as_file "$postgres_home/password" <<<"$superuser_password"
    as_postgres "$(program initdb)" --pgdata "$new" --username postgres --pwfile "$postgres_home/password" \
        --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 --data-checksums ${throw_away:+--no-sync} >/dev/null
    as_postgres rm "$postgres_home/password"
    [ -z "$throw_away" ] || trust=trust
    as_file "$new/pg_hba.conf" <<HBA
host all all 127.0.0.1/32 $trust
host replication replicator 127.0.0.1/32 scram-sha-256
HBA
    as_postgres tee -a "$new/postgresql.conf" <<<"include 'fieldreport.conf'" >/dev/null
    # Only a complete cluster bears the name under which it is looked for.
    as_postgres mv "$new" "$(data_of postgres)"
}

# Written before every start, so that a change of the recommended settings is taken over.
configure_node() {
    as_file "$(data_of "$1")/fieldreport.conf" < <(
        cat "$repository/deploy/postgres/postgresql.conf"
        printf '\n# Of this node\n'
        printf "listen_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = ''\n" "$(port_of "$1")"
        # Shared memory in files of the cluster: a kill leaves nothing in /dev/shm.
        printf 'dynamic_shared_memory_type = mmap\nwal_retrieve_retry_interval = 500ms\n'
        if [ "$1" = postgres ] && exists standby; then printf "synchronous_standby_names = 'ANY 1 (standby)'\n"; fi
        # Lost when the machine dies. A killed server still finds all it has acknowledged: the system holds its pages.
        if [ -n "$throw_away" ]; then printf 'fsync = off\n'; fi
    )
}

node_pid() {
    exists "$1" || return 0
    local pid
    pid=$(first_line "$(data_of "$1")/postmaster.pid")
    if runs "$pid" "$(data_of "$1")"; then printf %s "$pid"; fi
}
node_answers() { ask "$1" 'SELECT' >/dev/null; }

start_node() {
    exists "$1" || die "there is no $1 in $folder"
    if [ "$1" = postgres ] && [ -n "$promoted" ]; then
        die "the standby was promoted: the old primary would be a second one, with other data; down --remove begins anew"
    fi
    local data log port pid
    data=$(data_of "$1") log=$postgres_home/$1.log port=$(port_of "$1")
    if [ -n "$(node_pid "$1")" ]; then
        eventually node_answers "$1" || die "PostgreSQL ($1) runs and does not answer; is it stalled? See $log"
        say "PostgreSQL ($1) runs already on 127.0.0.1:$port"
        return
    fi
    # The id of a server that was killed may still be its corpse's, or another process's by now: either would hold us up.
    pid=$(first_line "$data/postmaster.pid")
    if [ -n "$pid" ] && [ -e "/proc/$pid" ]; then as_postgres rm -f "$data/postmaster.pid"; fi
    ! port_is_open "$port" || die "port $port, which $folder has chosen for $1, is taken by another program"
    configure_node "$1"
    as_postgres "$(program pg_ctl)" start --pgdata "$data" --wait --timeout "$patience" --log "$log" \
        >/dev/null 2>&1 </dev/null 9>&- 7>&- || {
        tail -n 5 "$log" >&2
        die "PostgreSQL ($1) did not start; see $log"
    }
    say "PostgreSQL ($1) runs on 127.0.0.1:$port"
}

stop_node() {
    local pid all
    pid=$(node_pid "$1")
    [ -n "$pid" ] || return 0
    mapfile -t all < <(tree "$pid")
    send CONT "${all[@]}"
    as_postgres "$(program pg_ctl)" stop --pgdata "$(data_of "$1")" --mode fast --wait --timeout "$patience" >/dev/null 2>&1 ||
        kill_all "$pid"
    say "PostgreSQL ($1) has stopped"
}

kill_node() {
    local pid
    pid=$(node_pid "$1")
    # shellcheck disable=SC2086
    kill_all $pid
}

# signal_node NODE SIGNAL: to the server and all its children, the server first, so that no child comes after.
signal_node() {
    local pid all
    pid=$(node_pid "$1")
    [ -n "$pid" ] || die "PostgreSQL ($1) does not run"
    send "$2" "$pid"
    mapfile -t all < <(tree "$pid")
    send "$2" "${all[@]}"
}

provision() {
    FIELDREPORT_OWNER_PASSWORD=$owner_password FIELDREPORT_INTAKE_PASSWORD=$service_password \
        FIELDREPORT_CLASSIFICATION_PASSWORD=$service_password FIELDREPORT_ROUTING_PASSWORD=$service_password \
        FIELDREPORT_SATISFACTION_PASSWORD=$service_password \
        psql_at "$(primary)" -d postgres -f "$repository/deploy/postgres/provision.sql" || die "could not provision PostgreSQL"
}

# A copy of the primary, with a replication slot so that it finds what it misses while it is away.
create_standby() {
    ! exists standby || return 0
    local new
    new=$(data_of new)
    say "making a standby"
    as_postgres rm -rf "$new"
    ask postgres "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'standby'" >/dev/null
    ask postgres "DROP ROLE IF EXISTS replicator"
    ask postgres "CREATE ROLE replicator LOGIN REPLICATION PASSWORD '$replication_password'"
    PGPASSWORD=$replication_password as_postgres "$(program pg_basebackup)" --pgdata "$new" --write-recovery-conf \
        --create-slot --slot standby --checkpoint fast ${throw_away:+--no-sync} --dbname \
        "host=127.0.0.1 port=$postgres_port user=replicator application_name=standby" || die "could not copy the primary"
    as_postgres mv "$new" "$(data_of standby)"
}

standby_is_synchronous() {
    [ "$(ask postgres "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'standby' AND state = 'streaming'")" = quorum ]
}

# Commits wait for the standby from the moment it follows.
start_standby() {
    start_node standby
    [ -z "$promoted" ] || return 0
    configure_node postgres
    as_postgres "$(program pg_ctl)" reload --pgdata "$(data_of postgres)" >/dev/null
    eventually standby_is_synchronous || die "the standby does not follow; see $postgres_home/standby.log"
}

promote_standby() {
    [ -n "$(node_pid standby)" ] || die "the standby does not run"
    [ -z "$promoted" ] || die "the standby has been promoted before"
    as_postgres "$(program pg_ctl)" promote --pgdata "$(data_of standby)" --wait --timeout "$patience" >/dev/null ||
        die "the standby could not be promoted; see $postgres_home/standby.log"
    remember promoted standby
}
