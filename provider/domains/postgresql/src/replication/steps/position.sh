# shellcheck shell=sh disable=SC2154,SC2119
# How far a standby replays by itself: until it passes $1, where that is known, or makes no progress for $2 seconds, but
# $3 seconds at most. Makes the place where more may be brought to.
install -d -o postgres -g postgres -m 0700 "$state/handover"
one 'SELECT pg_wal_replay_resume()' >/dev/null 2>&1 || true
last='' still=0 tries=0 passed=0
while [ "$tries" -lt $(($3 * 4)) ]; do
    replayed=$(one "SELECT coalesce(pg_last_wal_replay_lsn(), '0/0')")
    [ -z "$1" ] || passed=$(one "SELECT ('$replayed'::pg_lsn > '$1'::pg_lsn)::int")
    [ "$passed" = 0 ] || break
    if [ "$replayed" = "$last" ]; then still=$((still + 1)); else still=0; fi
    [ "$still" -lt $(($2 * 4)) ] || break
    last=$replayed tries=$((tries + 1))
    sleep 0.25
done
printf 'passed=%s\nreplayed=%s\n' "$passed" "$replayed"
