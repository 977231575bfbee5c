#!/bin/sh
# Takes the lease of a machine, or renews it. $1 our directory, $2 who we are, $3 seconds. Code 75: somebody else has it, and
# who, for how many seconds more, since when and at which step are told.
set -eu
umask 077
mkdir -p -- "$1"
exec 9>"$1/lease.lock"
if command -v flock >/dev/null 2>&1; then flock -w 10 9; fi
now=$(date +%s)
since=$now
if [ -f "$1/lease" ]; then
    who=$(sed -n 1p "$1/lease")
    until=$(sed -n 2p "$1/lease")
    begun=$(sed -n 3p "$1/lease")
    if [ "${until:-0}" -gt "$now" ]; then
        if [ "$who" != "$2" ]; then
            step=$(sed -n 's/.*"step":"\([^"]*\)".*/\1/p' "$1/journal.json" 2>/dev/null || true)
            printf '%s\n%s\n%s\n%s\n' "$who" "$((until - now))" "$begun" "$step"
            exit 75
        fi
        since=${begun:-$now}
    fi
fi
printf '%s\n%s\n%s\n' "$2" "$((now + $3))" "$since" >"$1/lease.new"
mv -f -- "$1/lease.new" "$1/lease"
