# Stops what was restored and checks every page: $1 name of the drill, $2 "checksums" or nothing. Says "pages N".
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
bin=$HYBRIDOPS_PG_BIN
cd /
runuser -u postgres -- "$bin/pg_ctl" -D "$PGDATA" -m fast -w -t 300 -s stop
[ "$2" = checksums ] || exit 0
if [ "$("$bin/pg_controldata" "$PGDATA" | sed -n 's/^Data page checksum version: *//p')" = 0 ]; then
    echo "the cluster has no checksums: set checks.checksums = false" >&2
    exit 69
fi
code=0
said=$(runuser -u postgres -- "$bin/pg_checksums" --check -D "$PGDATA" 2>&1) || code=$?
if [ "$code" != 0 ]; then
    printf '%s\n' "$said" | tail -n 8 >&2
    exit 76
fi
printf '%s\n' "$said" | sed -n 's/^Blocks scanned: */pages /p'
