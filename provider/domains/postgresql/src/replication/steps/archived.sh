# shellcheck shell=sh disable=SC2154,SC2119
# Waits until the segment $1 is archived, $2 seconds at most. "archived=0" where nothing is archived at all.
if [ "$(one 'SHOW archive_mode')" = off ] || [ -e "$state/archiving-off" ]; then
    echo archived=0
    exit 0
fi
waited=0
while :; do
    done=$(one "SELECT coalesce(last_archived_wal COLLATE \"C\" >= '$1', false) AND last_archived_wal ~ '^[0-9A-F]{24}$' FROM pg_stat_archiver")
    [ "$done" = t ] && break
    waited=$((waited + 1))
    [ "$waited" -le $(($2 * 2)) ] ||
        die "$member does not archive: $1 is not there after $2 s. Last failure: $(one 'SELECT last_failed_wal FROM pg_stat_archiver'). $(head -c 400 "$state/archive.json" 2>/dev/null)"
    sleep 0.5
done
echo archived=1
