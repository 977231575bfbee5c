#!/bin/sh
# Sets a token in our configuration file. $1 the file, $2 the key, $3 the bytes of the token, which comes as JSON text from
# standard input. The same token leaves the file alone.
set -eu
umask 077
[ -f "$1" ] || exit 0
exec 9<"$(dirname "$1")"
if command -v flock >/dev/null 2>&1; then flock -w 60 9; fi
token=$(cat)
# The input of a connection that broke ends like any other.
if [ "$(printf %s "$token" | wc -c)" -ne "$3" ]; then
    echo "not all of it arrived: the connection broke" >&2
    exit 1
fi
new=$1.hybridops-new
{
    grep -v "^$2:" "$1" || true
    printf '%s: %s\n' "$2" "$token"
} >"$new"
if cmp -s -- "$new" "$1"; then
    rm -f -- "$new"
    exit 0
fi
sync -- "$new" 2>/dev/null || sync
mv -f -- "$new" "$1"
