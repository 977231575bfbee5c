# Promotes what was restored, once its target was proved: $1 name of the restore, $2 the timeline it must come to. Says
# "TIMELINE LSN" of its first checkpoint.
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
expected=$2
bin=$HYBRIDOPS_PG_BIN
cd /
sql() {
    runuser -u postgres -- env PGCONNECT_TIMEOUT=5 "$bin/psql" -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d postgres -c "$1"
}
stop() {
    runuser -u postgres -- "$bin/pg_ctl" -D "$PGDATA" -m fast -w -t 120 -s stop || true
}
if [ "$(sql 'select pg_is_in_recovery()')" = t ]; then
    # From here on a history that cannot be fetched is no history that is not there: it would be written twice.
    : >"$HYBRIDOPS_STATE/promoting"
    chown postgres:postgres "$HYBRIDOPS_STATE/promoting"
    code=0
    said=$(sql 'select pg_promote(true, 120)' 2>&1) || code=$?
    rm -f "$HYBRIDOPS_STATE/promoting"
    if [ "$code" != 0 ] || [ "$said" != t ]; then
        grep -E 'FATAL|PANIC|hybridops' "$HYBRIDOPS_STATE/server.log" | tail -n 4 >&2
        echo "it was not promoted: $said" >&2
        stop
        exit 74
    fi
fi
# The control file says the old timeline until then.
sql 'checkpoint'
found=$(sql 'select timeline_id, redo_lsn from pg_control_checkpoint()')
if [ "${found%% *}" != "$expected" ]; then
    stop
    echo "it came to timeline ${found%% *}, and $expected was free" >&2
    exit 73
fi
echo "$found"
