#!/bin/sh
# Puts what it reads into a file, if the condition holds. $1 directory, $2 file in it, $3 always, absent or over, $4 the
# SHA-256 of the content that is to be replaced, $5 how many bytes there are to come: the input of a connection that broke ends
# like any other. The directory is never made: where a mount is missing, a new directory
# would hide it. The lock is what makes the condition hold against other writers.
set -eu
umask 027
[ -d "$1" ] || { echo "$1 is no directory" >&2; exit 1; }
file="$1/$2"
folder=$(dirname -- "$file")
if [ ! -d "$folder" ]; then
	mkdir -p -- "$folder"
	chown --reference="$1" -- "$folder"
fi
exec 9>>"$1/.hybridops-lock"
flock 9
case $3 in
absent)
	if [ -e "$file" ]; then
		cat >/dev/null
		exit 65
	fi
	;;
over)
	have=none
	if [ -f "$file" ]; then
		have=$(sha256sum <"$file" | cut -d ' ' -f 1)
	fi
	if [ "$have" != "$4" ]; then
		cat >/dev/null
		exit 65
	fi
	;;
esac
new="$file.hybridops-new"
rm -f -- "$new"
cat >"$new"
if [ "$(wc -c <"$new")" -ne "$5" ]; then
	rm -f -- "$new"
	echo 'not all of it arrived: the connection broke' >&2
	exit 1
fi
chown --reference="$1" -- "$new"
sync -- "$new"
mv -f -- "$new" "$file"
sync -- "$folder"
