# shellcheck shell=sh disable=SC2154,SC2119
# Waits until a standby replayed up to $1, $2 seconds at most.
tries=0
while :; do
    replayed=$(one "SELECT coalesce(pg_last_wal_replay_lsn(), '0/0')")
    arrived=$(one "SELECT ('$replayed'::pg_lsn >= '$1'::pg_lsn)::int")
    tries=$((tries + 1))
    if [ "$arrived" = 1 ] || [ "$tries" -gt $(($2 * 4)) ]; then break; fi
    sleep 0.25
done
printf 'arrived=%s\nreplayed=%s\n' "$arrived" "$replayed"
