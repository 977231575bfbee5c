#!/bin/sh
# A part of a file, after a line with the size of the whole. $1 directory, $2 file in it, $3 offset, $4 length.
set -eu
file="$1/$2"
[ -d "$1" ] || { echo "$1 is no directory" >&2; exit 1; }
[ -f "$file" ] || exit 66
stat -c %s -- "$file"
tail -c "+$(($3 + 1))" -- "$file" | head -c "$4"
