# Moves the database of a server aside, once. $1 directory of data.
set -eu
umask 077
[ -e "$1/server/db-hybridops-aside" ] && exit 0
if [ -e "$1/server/db" ]; then
    mv -T "$1/server/db" "$1/server/db-hybridops-aside"
    # Its own snapshots stay where they are looked for.
    if [ -d "$1/server/db-hybridops-aside/snapshots" ]; then
        mkdir -p "$1/server/db"
        cp -al "$1/server/db-hybridops-aside/snapshots" "$1/server/db/snapshots" 2>/dev/null ||
            cp -a "$1/server/db-hybridops-aside/snapshots" "$1/server/db/snapshots"
    fi
else
    mkdir -p "$1/server/db-hybridops-aside"
fi
sync
