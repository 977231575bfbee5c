#!/bin/sh
# Puts standard input in place if it is what it should be. $1 path, $2 SHA-256.
set -eu
umask 022
mkdir -p -- "$(dirname "$1")"
new=$1.hybridops-new
rm -f -- "$new"
cat >"$new"
found=$(sha256sum <"$new" | cut -d' ' -f1)
if [ "$found" != "$2" ]; then
    rm -f -- "$new"
    echo "what arrived is not what was sent: its SHA-256 is $found" >&2
    exit 1
fi
sync -- "$new" 2>/dev/null || sync
mv -f -- "$new" "$1"
