# Replays the archive up to a target, as a standby that pauses there: $1 name of the restore, $2 seconds it may take,
# $3 "end" where it is to replay all there is. Standard input: further settings of the server. Never promotes.
#
# Says "STATE LSN TIME" at the end: paused, or end (the archive has no more), with the position and the time of the
# last commit that was replayed, in microseconds since 1970 or "-"; and on a second line why the server stopped there.
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
limit=$2 all=${3:-}
bin=$HYBRIDOPS_PG_BIN
conf=$HYBRIDOPS_STATE/conf
log=$HYBRIDOPS_STATE/server.log
cd /
if [ ! -f "$PGDATA/standby.signal" ]; then
    echo "$PGDATA has no standby.signal: it would not wait for its promotion" >&2
    exit 65
fi
as_postgres() {
    runuser -u postgres -- "$@"
}
sql() {
    as_postgres env PGCONNECT_TIMEOUT=5 "$bin/psql" -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d postgres -c "$1" 2>/dev/null
}
# Settings that a standby must have at least as high as the primary had them.
needs() {
    "$bin/pg_controldata" "$PGDATA" | sed -n \
        's/^max_connections setting: */max_connections = /p
         s/^max_worker_processes setting: */max_worker_processes = /p
         s/^max_wal_senders setting: */max_wal_senders = /p
         s/^max_prepared_xacts setting: */max_prepared_transactions = /p
         s/^max_locks_per_xact setting: */max_locks_per_transaction = /p'
}
as_postgres "$bin/pg_ctl" -D "$PGDATA" status >/dev/null 2>&1 || {
    install -d -m 0700 -o postgres -g postgres "$conf"
    rm -f "$HYBRIDOPS_STATE/end" "$HYBRIDOPS_STATE/fetch.json" "$HYBRIDOPS_STATE/promoting"
    {
        cat
        needs
        echo "data_directory = '$PGDATA'"
        echo "hba_file = '$conf/pg_hba.conf'"
        echo "ident_file = '$conf/pg_ident.conf'"
        echo "listen_addresses = ''"
        echo "port = $PGPORT"
        echo "unix_socket_directories = '$PGHOST'"
        echo "unix_socket_permissions = 0700"
        echo "hot_standby = on"
        echo "archive_mode = off"
        echo "ssl = off"
        echo "autovacuum = off"
        echo "max_logical_replication_workers = 0"
        echo "wal_retrieve_retry_interval = 500ms"
        echo "primary_conninfo = ''"
        echo "primary_slot_name = ''"
        echo "logging_collector = off"
        echo "log_destination = stderr"
        echo "log_min_messages = log"
        echo "lc_messages = 'C'"
        echo "recovery_target_action = pause"
        echo "restore_command = '$here/hybridops-wal-restore $1 %f %p'"
    } >"$conf/postgresql.conf"
    # Nobody but us may look at a database that is not what it is to be yet.
    echo 'local all postgres peer' >"$conf/pg_hba.conf"
    : >"$conf/pg_ident.conf"
    chown -R postgres:postgres "$conf"
    [ ! -f "$PGDATA/postmaster.pid" ] || mv -f "$PGDATA/postmaster.pid" "$HYBRIDOPS_STATE/postmaster.pid.stale"
    # The word on the command line outranks every file: what is restored never archives.
    as_postgres "$bin/pg_ctl" -D "$PGDATA" -l "$log" -W -s \
        -o "-c config_file=$conf/postgresql.conf -c archive_mode=off -c cluster_name=$1" start
}
begun=$(date +%s)
still=0 before='' ran=0
last_words() {
    grep -E 'FATAL|PANIC|LOG:  (invalid|syntax|unrecognized|parameter)|hybridops' "$log" 2>/dev/null | grep -v 'not yet accepting connections' | tail -n 4
}
pause='pg_get_wal_replay_pause_state()'
case $("$bin/postgres" -V) in
*' 13.'*) pause="case when pg_is_wal_replay_paused() then 'paused' else 'not paused' end" ;;
esac
position() {
    sql "select pg_is_in_recovery(), replace($pause, ' ', '_'), coalesce(pg_last_wal_replay_lsn()::text, '0/0'),
                coalesce((extract(epoch from pg_last_xact_replay_timestamp()) * 1000000)::bigint::text, '-')"
}
while :; do
    # It takes a moment until there is something to see of a server that was just started.
    if as_postgres "$bin/pg_ctl" -D "$PGDATA" status >/dev/null 2>&1; then
        ran=1
    elif [ "$ran" = 1 ] || [ $(($(date +%s) - begun)) -ge 15 ]; then
        last_words >&2
        exit 70
    fi
    if now=$(position) && [ -n "$now" ]; then
        # shellcheck disable=SC2086
        set -- $now
        if [ "$1" = f ]; then
            echo "the server is no standby any more" >&2
            exit 71
        fi
        if [ "$2" = paused ]; then
            echo "paused $3 $4"
            sed -n 's/.*LOG:  \(recovery stopping.*\)/\1/p' "$log" | tail -n 1
            exit 0
        fi
        # The archive has no more when it said so of the same segment while nothing was replayed for a while.
        end=$(cat "$HYBRIDOPS_STATE/end" 2>/dev/null || true)
        if [ -n "$end" ] && [ "$3 $end" = "$before" ]; then still=$((still + 1)); else still=0; fi
        before="$3 $end"
        if [ "$still" -ge 10 ]; then
            if [ "$all" = end ]; then
                sql "select pg_wal_replay_pause()" >/dev/null
                all=ended still=0
                sleep 0.5
                now=$(position)
                # shellcheck disable=SC2086
                set -- $now
            fi
            echo "end $3 $4"
            exit 0
        fi
    fi
    if [ $(($(date +%s) - begun)) -ge "$limit" ]; then
        echo "not there after $limit s: $(head -c 500 "$HYBRIDOPS_STATE/fetch.json" 2>/dev/null)" >&2
        last_words >&2
        exit 75
    fi
    sleep 0.3
done
