# shellcheck shell=sh disable=SC2154,SC2119
# What a server that is down wrote on the timeline $1 from the position $2 on: where its last record is, and the segments
# that hold it. Nothing where it wrote nothing.
if is_alive; then die "$member still runs: what it may yet write is not known"; fi
first=$(segment_of "$1" "$2")
if [ ! -f "$data/pg_wal/$first" ]; then
    printf 'gap=%s\n' "$first"
    exit 0
fi
# The end of the WAL is found by reading until it is no WAL any more, which pg_waldump tells as an error.
last=$(runuser -u postgres -- "$bin/pg_waldump" -p "$data/pg_wal" -t "$1" -s "$2" 2>/dev/null |
    sed -n 's/.*, lsn: \([0-9A-F]*\/[0-9A-F]*\),.*/\1/p' | tail -n 1)
[ -n "$last" ] || exit 0
printf 'last=%s\n' "$last"
until=$(segment_of "$1" "$last")
for file in "$data/pg_wal"/"$(printf '%08X' "$1")"*; do
    name=$(basename "$file")
    case $name in *[!0-9A-F]*) continue ;; esac
    if [ "$(printf '%s\n%s\n%s\n' "$first" "$name" "$until" | sort | sed -n 2p)" = "$name" ]; then printf 'segment=%s\n' "$name"; fi
done
