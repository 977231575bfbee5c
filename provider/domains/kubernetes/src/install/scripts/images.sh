#!/bin/sh
# Leaves these sets of images in the directory from which they are imported, and no others that are called so. $1 the
# directory, $2 how all of them begin, then the names of those that stay.
set -eu
mkdir -p -- "$1"
cd -- "$1"
place=$2
shift 2
for file in "$place"*.tar.zst; do
    [ -f "$file" ] || continue
    stays=
    for name in "$@"; do [ "$file" = "$name" ] && stays=1; done
    [ -n "$stays" ] || rm -f -- "$file"
done
# With it only what is new is imported at a start, not all of it each time.
[ -e .cache.json ] || : >.cache.json
