#!/bin/sh
# The files below a directory: size, time, inode and path of each. $1 directory, $2 folder in it.
set -eu
cd -- "$1" || exit 1
[ -d "./$2" ] || exit 0
exec find "./$2" -type f ! -name '*.hybridops-new' -printf '%s %T@ %i %p\n'
