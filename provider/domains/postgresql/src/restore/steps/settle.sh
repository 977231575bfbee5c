# Ends a restore: stops the server cleanly and gives the data their place. $1 name of the restore, $2 the directory
# they are for, $3 the timeline.
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
bin=$HYBRIDOPS_PG_BIN
cd /
if runuser -u postgres -- "$bin/pg_ctl" -D "$PGDATA" status >/dev/null 2>&1; then
    runuser -u postgres -- "$bin/pg_ctl" -D "$PGDATA" -m fast -w -t 300 -s stop
fi
if [ -d "$PGDATA" ]; then
    state=$("$bin/pg_controldata" "$PGDATA" | sed -n 's/^Database cluster state: *//p')
    if [ "$state" != "shut down" ]; then
        echo "the cluster is \"$state\", not shut down" >&2
        exit 65
    fi
    # It was promoted without an archive: the history of its timeline is still to be archived.
    history=$(printf '%08X.history' "$3")
    if [ -f "$PGDATA/pg_wal/$history" ] && [ ! -e "$PGDATA/pg_wal/archive_status/$history.done" ]; then
        : >"$PGDATA/pg_wal/archive_status/$history.ready"
        chown postgres:postgres "$PGDATA/pg_wal/archive_status/$history.ready"
        chmod 0600 "$PGDATA/pg_wal/archive_status/$history.ready"
    fi
    if [ -d "$2" ]; then rmdir "$2"; fi
    sync
    mv -T "$PGDATA" "$2"
fi
rm -f "$HYBRIDOPS_STATE/phase"
