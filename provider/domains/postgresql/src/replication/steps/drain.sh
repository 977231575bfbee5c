# shellcheck shell=sh disable=SC2154,SC2119
# Lets a standby replay all there is: what it received, then the archive to its end. $1 seconds without progress after
# which it has reached the end. An archive that cannot be asked is not its end.
failed_before=$(cat "$state/fetch.json" 2>/dev/null || true)
one "SELECT pg_wal_replay_resume()" >/dev/null 2>&1 || true
last='' still=0
while [ "$still" -lt "$1" ]; do
    now=$(one 'SELECT pg_last_wal_replay_lsn()')
    if [ "$now" = "$last" ]; then still=$((still + 1)); else still=0; fi
    last=$now
    sleep 1
done
received=$(one "SELECT coalesce(pg_last_wal_receive_lsn(), '0/0')")
behind=$(one "SELECT (coalesce(pg_last_wal_receive_lsn(), '0/0') > pg_last_wal_replay_lsn())::int")
[ "$behind" = 0 ] || die "$member received WAL up to $received and replayed only up to $last"
failed_after=$(cat "$state/fetch.json" 2>/dev/null || true)
[ "$failed_before" = "$failed_after" ] ||
    die "the archive cannot be read to its end: $(printf '%s' "$failed_after" | sed 's/.*"reason"://')"
printf 'replayed=%s\n' "$last"
printf 'replayed_at=%s\n' "$(one "SELECT coalesce(extract(epoch FROM pg_last_xact_replay_timestamp())::numeric(20,3)::text, '')")"
