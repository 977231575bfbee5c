#!/bin/sh
# Tells the SHA-256 of each manifest that a server applies by itself. $1 its data. Those with a `.skip` beside them are not.
set -u
[ -d "$1/server/manifests" ] || exit 0
find "$1/server/manifests" -type f \( -name '*.yaml' -o -name '*.yml' -o -name '*.json' \) | sort | while IFS= read -r file; do
    [ -e "$file.skip" ] || sha256sum -- "$file"
done
exit 0
