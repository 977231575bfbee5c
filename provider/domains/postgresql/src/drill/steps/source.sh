# What the primary of a cluster has written, where it runs on this machine: $1 system identifier. Says "LSN XID", or
# nothing.
set -u
for file in /etc/hybridops/postgresql/*/instance.env; do
    [ -f "$file" ] || continue
    (
        # shellcheck source=/dev/null
        . "$file"
        [ "$HYBRIDOPS_SYSTEM_ID" = "$1" ] && [ "${HYBRIDOPS_NOTE_END:-0}" = 0 ] || exit 1
        cd /
        found=$(runuser -u postgres -- env PGCONNECT_TIMEOUT=5 "$HYBRIDOPS_PG_BIN/psql" -X -q -A -t -F ' ' -d postgres -c \
            "select pg_current_wal_insert_lsn(), txid_snapshot_xmax(txid_current_snapshot()) where not pg_is_in_recovery()" 2>/dev/null) &&
            [ -n "$found" ] && echo "$found"
    ) && exit 0
done
exit 0
