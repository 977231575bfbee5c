#!/bin/sh
# Measures how long a write takes until it is on the disk. $1 the data. Tells how many were written and in how many
# microseconds altogether; the file is gone afterwards.
set -u
at=$1
while [ ! -d "$at" ]; do at=$(dirname "$at"); done
file=$at/.hybridops-fsync.$$
trap 'rm -f -- "$file"' EXIT
count=48
before=$(date +%s%N)
dd if=/dev/zero of="$file" bs=2300 count=$count oflag=dsync 2>/dev/null || exit 0
after=$(date +%s%N)
echo "$count $(((after - before) / 1000)) $at"
