# Looks at what was restored and promoted: $1 name of the drill, $2 "amcheck" or nothing, $3 seconds it may take. Says
# lines "xid N", "bytes N", "relations N".
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
bin=$HYBRIDOPS_PG_BIN
cd /
sql() {
    runuser -u postgres -- env PGCONNECT_TIMEOUT=10 "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d postgres -c "$1"
}
printf 'xid %s\n' "$(sql 'select txid_snapshot_xmax(txid_current_snapshot())')"
printf 'bytes %s\n' "$(sql 'select sum(pg_database_size(oid)) from pg_database')"
[ "$2" = amcheck ] || exit 0
if [ ! -x "$bin/pg_amcheck" ]; then
    echo "$bin/pg_amcheck is not there (version 14 or newer has it): set checks.amcheck = false" >&2
    exit 69
fi
# Every index is compared with its table: damage of an index shows in no query that does not use it.
code=0
said=$(runuser -u postgres -- timeout -k 10 "$3" "$bin/pg_amcheck" --all --heapallindexed --install-missing=pg_catalog --jobs=2 --verbose 2>&1) || code=$?
if [ "$code" != 0 ]; then
    printf '%s\n' "$said" | grep -Ev '^pg_amcheck: (including|in database|checking)' | head -n 12 >&2
    exit 76
fi
printf 'relations %s\n' "$(printf '%s\n' "$said" | grep -Ec '^pg_amcheck: checking')"
