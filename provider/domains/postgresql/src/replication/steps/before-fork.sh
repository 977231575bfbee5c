# shellcheck shell=sh disable=SC2154,SC2119
# Archives what an old primary had finished before the histories part, $1 its segment there: the new primary has it from
# the stream and does not archive it. Without the wrapper, which sends nothing of who does not hold the epoch; WAL-G
# itself refuses to write over what is there.
wal_g=/usr/local/lib/hybridops/wal-g settings=/etc/hybridops/postgresql/$version-$cluster/wal-g.json
if [ ! -x "$wal_g" ] || [ ! -r "$settings" ]; then exit 0; fi
sent=0
for ready in "$data"/pg_wal/archive_status/*.ready; do
    [ -e "$ready" ] || continue
    name=$(basename "$ready" .ready)
    case $name in *[!0-9A-F]*) continue ;; esac
    if [ "$name" = "$1" ] || [ "$(printf '%s\n%s\n' "$name" "$1" | sort | head -n 1)" != "$name" ]; then continue; fi
    runuser -u postgres -- timeout 120 "$wal_g" --config "$settings" wal-push "$data/pg_wal/$name" >&2 ||
        die "$name of $member, which only it has, cannot be archived"
    sent=$((sent + 1))
done
printf 'sent=%s\n' "$sent"
