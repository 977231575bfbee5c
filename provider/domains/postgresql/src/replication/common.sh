#!/bin/sh
# shellcheck disable=SC2034
# What every step shares. $1 major version, $2 cluster, $3 data directory, $4 port, $5 member; then the step's own.
set -eu
LC_ALL=C
export LC_ALL
cd /
version=$1 cluster=$2 data=$3 port=$4 member=$5
shift 5
bin=/usr/lib/postgresql/$version/bin
config=/etc/postgresql/$version/$cluster
unit=postgresql@$version-$cluster
state=/var/lib/hybridops/postgresql/$version-$cluster
# Beside the data, on the mount that holds them: it is there for whatever machine mounts them next.
fence=$data.hybridops-fence
ours=$config/conf.d/60-hybridops-replication.conf

die() {
    echo "hybridops: $*" >&2
    exit 1
}

# Statements as the superuser, from standard input.
# shellcheck disable=SC2120
sql() {
    runuser -u postgres -- env PGAPPNAME=hybridops PGCONNECT_TIMEOUT=5 \
        PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c client_min_messages=error' \
        psql -X -A -t -q -h /var/run/postgresql -p "$port" -d postgres -v ON_ERROR_STOP=1 "$@" -f -
}

one() {
    # shellcheck disable=SC2119
    printf '%s\n' "$1" | sql
}

# A field of the control file.
control() {
    "$bin/pg_controldata" -D "$data" 2>/dev/null | sed -n "s/^$1: *//p"
}

# Whether a process of the server is there, whatever its file says.
is_alive() {
    pid=$(sed -n 1p "$data/postmaster.pid" 2>/dev/null) || return 1
    case $pid in '' | *[!0-9]*) return 1 ;; esac
    grep -qs postgres "/proc/$pid/comm" && ! grep -qs '^State:.*Z' "/proc/$pid/status"
}

has_systemd() {
    [ -d /run/systemd/system ]
}

start_server() {
    # A number of a process that is gone would keep the server down.
    is_alive || rm -f "$data/postmaster.pid"
    if has_systemd; then
        systemctl reset-failed "$unit" 2>/dev/null || true
        systemctl start "$unit"
    else
        pg_ctlcluster --skip-systemctl-redirect "$version" "$cluster" start
    fi
    # The unit's own word says nothing: it is "active" while the server is down.
    wait_for_server
}

# Until it answers: a standby answers once it is consistent.
wait_for_server() {
    tries=0
    until one 'SELECT 1' >/dev/null 2>&1; do
        is_alive || die "the server of $member ended right after its start: $(last_words)"
        tries=$((tries + 1))
        [ $tries -lt 600 ] || die "the server of $member does not answer after 120 s: $(last_words)"
        sleep 0.2
    done
}

last_words() {
    grep -E 'FATAL|PANIC|ERROR|HINT' "/var/log/postgresql/postgresql-$version-$cluster.log" 2>/dev/null | tail -n 3 | cut -c 1-400 | tr '\n' ' '
}

# Stops the server fast, and sees that no process is left.
stop_server() {
    if has_systemd; then
        systemctl stop "$unit"
    else
        pg_ctlcluster --skip-systemctl-redirect -m fast "$version" "$cluster" stop >/dev/null 2>&1 || true
    fi
    tries=0
    while is_alive; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || die "the server of $member does not stop"
        sleep 0.2
    done
}

# Replaces a file whole by what comes in: path, mode, owner.
keep() {
    mkdir -p "$(dirname "$1")"
    (umask 077 && cat >"$1.hybridops-new")
    chown "$3" "$1.hybridops-new"
    chmod "$2" "$1.hybridops-new"
    mv -f "$1.hybridops-new" "$1"
}

# From now on the server does not start but as a standby.
raise_fence() {
    printf '%s\n' "$1" | keep "$fence" 0644 root:root
    sync "$fence" 2>/dev/null || sync
}

# The name of a segment file: timeline, position.
segment_of() {
    size=$(control 'Bytes per WAL segment')
    high=${2%/*} low=${2#*/}
    printf '%08X%08X%08X\n' "$1" "$((0x$high))" "$((0x$low / size))"
}

# What archiving obeys: epoch, its holder, the end of the lease or nothing.
hold() {
    [ -d "$state" ] || install -d -o postgres -g postgres -m 0751 "$state"
    {
        printf 'epoch=%s\nholder=%s\n' "$1" "$2"
        [ -z "$3" ] || printf 'expires=%s\n' "$3"
    } | keep "$state/lease" 0644 postgres:postgres
}

# Sees that whoever is, or may become, primary renews the lease, where there is one. "$1" restart: it forgets the end of a
# lease that was held before, and takes that of the epoch that is held now.
start_lease() {
    if [ -e "/etc/hybridops/postgresql/$version-$cluster/lease.env" ]; then
        systemctl "${1:-start}" "hybridops-lease@$version-$cluster"
    fi
}
