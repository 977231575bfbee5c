#!/bin/sh
# Deletes the files whose paths it reads, one a line, in their order, and the folders that are empty then.
# $1 directory.
set -eu
cd -- "$1" || exit 1
while IFS= read -r file; do
	rm -f -- "./$file"
	folder=$(dirname -- "$file")
	if [ -d "./$folder" ] && [ "$folder" != . ]; then
		rmdir --parents --ignore-fail-on-non-empty -- "$folder"
	fi
done
