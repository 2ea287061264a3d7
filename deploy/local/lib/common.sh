# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2034,SC2154  # shared with the files that source it
# What up, down and engine share: the folder and its settings, locks, processes, ports, packages.

library=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
repository=$(realpath -- "$library/../../..")
# shellcheck source=postgres.sh
. "$library/postgres.sh"
# shellcheck source=rabbitmq.sh
. "$library/rabbitmq.sh"

# Servers of the caller's own environment are not meant.
unset "${!PG@}" "${!RABBITMQ_@}" "${!ERL_@}"
export LC_ALL=C.UTF-8
umask 077

# Seconds that an engine may take to start or to stop on a busy machine; one that dies is noticed at once.
patience=180

say() { printf '%s\n' "$*" >&2; }
die() {
    say "${0##*/}: $*"
    exit 1
}

# -- The folder ------------------------------------------------------------------------------------------------------

# What up decides once and remembers in the file `settings`; empty until then.
throw_away='' promoted='' postgres_home=''
postgres_port='' standby_port='' amqp_port='' distribution_port='' epmd_port=''
superuser_password='' owner_password='' service_password='' replication_password='' bus_password='' guest_password=''

# choose_folder [FOLDER]: sets `folder`, absolute.
choose_folder() {
    folder=$(realpath -m -- "${1:-$repository/data/engines}")
    [[ $folder =~ ^/[A-Za-z0-9._/@+-]+$ ]] || die "the path $folder has characters that RabbitMQ cannot hold; choose another"
}

is_ours() { [ -f "$folder/settings" ]; }

# shellcheck source=/dev/null
load_settings() { . "$folder/settings"; }

# remember NAME VALUE: now and for the next time.
remember() {
    printf -v "$1" %s "$2"
    printf '%s=%q\n' "$1" "$2" >>"$folder/settings"
}

password() { od -An -N 20 -tx1 /dev/urandom | tr -d ' \n'; }

# lock_folder --exclusive|--shared: waits until no other command changes the folder as a whole. Held until this process
# ends, which is why whatever is to live on must be started with `9>&- 7>&-`.
lock_folder() {
    while true; do
        [ -d "$folder" ] || die "$folder has just been removed"
        exec 9>"$folder/folder.lock"
        flock "$@" -w $((2 * patience)) 9 || die "another command has been at work on $folder for $((2 * patience)) s"
        # The folder may have been removed while we waited, and another one made in its place.
        [ ! /dev/fd/9 -ef "$folder/folder.lock" ] || return 0
    done
}

# lock_engine NAME: the same for one engine.
lock_engine() {
    exec 7>"$folder/$1.lock"
    flock -w $((2 * patience)) 7 || die "another command has been at work on $1 for $((2 * patience)) s"
}

# -- Processes -------------------------------------------------------------------------------------------------------

# runs PID SIGN: that process lives and its command line holds SIGN. Ids are given again to others; signs are not.
runs() { [ -n "$1" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$2"; } 2>/dev/null

# first_line FILE: nothing if there is no such file.
first_line() {
    local line=''
    if [ -r "$1" ]; then read -r line <"$1" || true; fi
    printf %s "$line"
}

# tree PID…: these processes and all below them.
tree() {
    local pid children
    for pid in "$@"; do
        printf '%s\n' "$pid"
        mapfile -t children < <(pgrep -P "$pid")
        tree "${children[@]}"
    done
}

# gone PID…: all have ended. One whose parent has not yet asked for its exit code has no command line any more.
gone() {
    local pid
    for pid in "$@"; do
        ! grep -q . "/proc/$pid/cmdline" 2>/dev/null || return 1
    done
}

# eventually COMMAND…: tries for as long as patience lasts.
eventually() {
    local end=$((SECONDS + patience))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

send() { kill -s "$1" -- "${@:2}" 2>/dev/null || true; }

# kill_all [PID…]: SIGKILL to these and all below them. They are stopped first so that none forks meanwhile.
kill_all() {
    [ "$#" -gt 0 ] || return 0
    local all
    send STOP "$@"
    mapfile -t all < <(tree "$@")
    send KILL "${all[@]}"
    eventually gone "${all[@]}" || die "processes ${all[*]} outlive SIGKILL"
}

# -- Ports -----------------------------------------------------------------------------------------------------------

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Five ports in a row, below those which the system gives to outgoing connections, that nobody listens on and that no
# other folder of this user has chosen: choices stand in a file for as long as their folders do.
choose_ports() {
    local claims=/tmp/fieldreport-ports.$UID kept='' taken first=0 port owner
    exec 8>>"$claims"
    flock 8
    while read -r port owner; do
        if [ "$owner" != "$folder" ] && [ -f "$owner/settings" ]; then kept+="$port $owner"$'\n'; fi
    done <"$claims"
    taken=yes
    while [ -n "$taken" ]; do
        first=$((20000 + RANDOM % 2400 * 5)) taken=''
        if grep -q "^$first " <<<"$kept"; then taken=yes; fi
        for port in $(seq "$first" $((first + 4))); do
            if port_is_open "$port"; then taken=yes; fi
        done
    done
    printf '%s%d %s\n' "$kept" "$first" "$folder" >"$claims"
    exec 8>&-
    remember postgres_port "$first"
    remember standby_port $((first + 1))
    remember amqp_port $((first + 2))
    remember distribution_port $((first + 3))
    remember epmd_port $((first + 4))
}

# -- What programs are told --------------------------------------------------------------------------------------------

# The lines which make a shell, and what it starts, use these engines; also kept in the file `env`.
write_environment() {
    local address superuser=postgres
    {
        if exists postgres; then
            address=127.0.0.1:$(port_of "$(primary)")
            [ -n "$throw_away" ] || superuser=postgres:$superuser_password
            printf "export FIELDREPORT__DATABASE__URL='postgres://fieldreport_{service}:%s@%s/fieldreport_{service}'\n" \
                "$service_password" "$address"
            printf "export FIELDREPORT__DATABASE__MIGRATION_URL='postgres://fieldreport_owner:%s@%s/fieldreport_{service}'\n" \
                "$owner_password" "$address"
            printf "export FIELDREPORT_TEST_POSTGRES='postgres://%s@%s/postgres'\n" "$superuser" "$address"
        fi
        if rabbitmq_exists; then
            printf "export FIELDREPORT__BUS__URL='amqp://fieldreport:%s@127.0.0.1:%s/fieldreport'\n" "$bus_password" "$amqp_port"
            printf "export FIELDREPORT_TEST_RABBITMQ='amqp://guest:%s@127.0.0.1:%s/%%2f'\n" "$guest_password" "$amqp_port"
        fi
    } >"$folder/env"
}

# -- Packages --------------------------------------------------------------------------------------------------------

# install_missing [postgres|rabbitmq]: what this engine, or both, need; from Debian, so that no service of theirs starts,
# neither now nor at the next boot.
install_missing() {
    local missing=() administrator=()
    command -v pgrep >/dev/null || missing+=(procps)
    [ "$1" = rabbitmq ] || { [ -x "$(program initdb)" ] && command -v psql >/dev/null; } || missing+=(postgresql)
    [ "$1" = postgres ] || [ -x "$rabbitmq_programs/rabbitmq-server" ] || missing+=(rabbitmq-server)
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "needs ${missing[*]}, and can install them on Debian only"
    [ "$UID" = 0 ] || administrator=(sudo -n)
    "${administrator[@]}" true 2>/dev/null || die "needs ${missing[*]}; ask the administrator: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    # Two apt-get at once can delete each other's downloads.
    (umask 022 && flock /tmp/fieldreport-apt.lock "${administrator[@]}" "$BASH" "$library/install-packages" "${missing[@]}") >&2 ||
        die "could not install ${missing[*]}"
}
