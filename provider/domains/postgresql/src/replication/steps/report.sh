# shellcheck shell=sh disable=SC2154,SC2119
# Counts what a member wrote that the new primary does not have: $1 its timeline, $2 position of the fork. Says each
# transaction with its time, then how many.
if is_alive; then die "$member still runs: what it may yet write cannot be counted"; fi
fork=$2
# The end of the WAL is found by reading until it is no WAL any more, which pg_waldump tells as an error.
runuser -u postgres -- "$bin/pg_waldump" -p "$data/pg_wal" -t "$1" -s "$fork" -r Transaction 2>/dev/null |
    sed -n 's/.* tx: *\([0-9]*\), lsn: \([0-9A-F]*\/[0-9A-F]*\),.* desc: COMMIT \([0-9-]* [0-9:.]* [A-Z+0-9:-]*\).*/commit=\1|\2|\3/p' >"/tmp/hybridops-report.$$" || true
trap 'rm -f "/tmp/hybridops-report.$$"' EXIT
# None is as likely as a WAL that is gone: then nothing can be said, and nothing may be overwritten.
first=$(segment_of "$1" "$fork")
[ -f "$data/pg_wal/$first" ] || [ "$(control 'Latest checkpoint location')" = "$fork" ] ||
    die "the segment $first in which the histories part is not on $member any more: what was lost cannot be counted"
printf 'commits=%s\n' "$(wc -l <"/tmp/hybridops-report.$$" | tr -d ' ')"
sed -n '1s/^commit=.*|/first=/p' "/tmp/hybridops-report.$$"
sed -n '$s/^commit=.*|/last=/p' "/tmp/hybridops-report.$$"
tail -n 20000 "/tmp/hybridops-report.$$"
# Segments that hold it, to be kept.
for file in "$data/pg_wal"/"$(printf '%08X' "$1")"*; do
    name=$(basename "$file")
    case $name in *[!0-9A-F]*) continue ;; esac
    if [ "$(printf '%s\n%s\n' "$first" "$name" | sort | head -n 1)" = "$first" ]; then printf 'keep=%s\n' "$name"; fi
done
