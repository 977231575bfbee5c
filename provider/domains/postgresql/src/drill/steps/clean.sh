# Takes away what a drill made, and nothing else: $1 name of the drill.
set -eu
etc=/etc/hybridops/postgresql/$1
state=/var/lib/hybridops/postgresql/$1
[ -f "$etc/instance.env" ] || exit 0
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
cd /
[ "${HYBRIDOPS_NOTE_END:-0}" = 1 ] || die 65 "$1 is no drill"
if runuser -u postgres -- "$HYBRIDOPS_PG_BIN/pg_ctl" -D "$PGDATA" status >/dev/null 2>&1; then
    runuser -u postgres -- "$HYBRIDOPS_PG_BIN/pg_ctl" -D "$PGDATA" -m immediate -w -t 60 -s stop
fi
# The phase says which directory the drill filled: no other is touched.
case "$(cat "$state/phase" 2>/dev/null)" in
*" $PGDATA" | *" $PGDATA "*)
    case $PGDATA in
    */hybridops-drill-*) rm -rf --one-file-system -- "$PGDATA" ;;
    esac
    ;;
esac
rm -rf --one-file-system -- "$state" "$etc"
