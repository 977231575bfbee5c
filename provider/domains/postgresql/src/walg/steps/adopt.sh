# Uses a WAL-G that is on the machine: $1 its path, $2 its SHA-256, or nothing.
set -eu
if [ ! -f "$1" ]; then
    echo "there is no file $1" >&2
    exit 66
fi
path=$(readlink -e "$1")
program=$1 wanted=$2
# What the archive is trusted to must not be changed by who may log in.
while [ "$path" != / ]; do
    owner=$(stat -c %u "$path")
    mode=$(stat -c %A "$path")
    case $owner:$mode in
    0:?????w???? | 0:????????w?) writable=yes ;;
    0:*) writable=no ;;
    *) writable=yes ;;
    esac
    # A directory that only its owners can take entries away from is good enough.
    case $owner:$mode in 0:*t) writable=no ;; esac
    if [ "$writable" = yes ]; then
        echo "$path can be changed by others than root ($mode, owner $owner)" >&2
        exit 77
    fi
    path=$(dirname "$path")
done
found=$(sha256sum <"$program" | cut -d ' ' -f 1)
if [ -n "$wanted" ] && [ "$found" != "$wanted" ]; then
    echo "$program has the SHA-256 $found" >&2
    exit 65
fi
if ! said=$(timeout 60 "$program" --version 2>&1); then
    echo "it does not run here: $said" >&2
    exit 66
fi
directory=/usr/local/lib/hybridops
mkdir -p "$directory"
ln -sfn "$program" "$directory/wal-g.new"
mv -fT "$directory/wal-g.new" "$directory/wal-g"
{
    stat -L -c '%i %s %Y' "$directory/wal-g"
    echo "$found"
    printf '%s\n' "$said" | head -n 1
    echo "$wanted"
} >"$directory/wal-g.stamp.new"
mv -f "$directory/wal-g.stamp.new" "$directory/wal-g.stamp"
printf '%s\n' "$said" | head -n 1
