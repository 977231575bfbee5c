# Says whether the snapshot $1 is there and is what its last 32 bytes say, and those are $2. Makes its directory.
set -eu
umask 077
mkdir -p "${1%/*}"
[ -s "$1" ] || exit 66
said=$(tail -c 32 "$1" | od -An -v -tx1 | tr -d ' \n')
[ "$said" = "$2" ] || exit 67
found=$(head -c -32 "$1" | sha256sum | cut -d ' ' -f 1)
[ "$found" = "$2" ] || exit 67
