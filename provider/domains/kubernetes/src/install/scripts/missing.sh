#!/bin/sh
# Names the files that are not there, or are something else. Pairs of SHA-256 and path.
set -u
while [ $# -ge 2 ]; do
    if [ ! -f "$2" ] || [ "$(sha256sum <"$2" | cut -d' ' -f1)" != "$1" ]; then echo "$2"; fi
    shift 2
done
