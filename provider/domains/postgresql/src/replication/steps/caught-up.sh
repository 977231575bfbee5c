# shellcheck shell=sh disable=SC2154,SC2119
# Proves that a standby has everything of a primary that was shut down: $1 position of the shutdown checkpoint, $2
# timeline, $3 seconds to wait.
waited=0
while :; do
    reached=$(one "SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') > '$1'::pg_lsn)::int")
    [ "$reached" = 1 ] && break
    waited=$((waited + 1))
    [ "$waited" -le $(($3 * 5)) ] ||
        die "$member replayed up to $(one 'SELECT pg_last_wal_replay_lsn()') and must pass $1, where the primary was shut down"
    sleep 0.2
done
# The record itself, not only a position beyond it.
record=$(runuser -u postgres -- "$bin/pg_waldump" -p "$data/pg_wal" -t "$2" -s "$1" -n 1 2>&1) ||
    die "the record at $1 cannot be read on $member: $record"
case $record in
*CHECKPOINT_SHUTDOWN*) ;;
*) die "at $1 $member has no CHECKPOINT_SHUTDOWN, but: $record" ;;
esac
printf 'replayed=%s\n' "$(one 'SELECT pg_last_wal_replay_lsn()')"
