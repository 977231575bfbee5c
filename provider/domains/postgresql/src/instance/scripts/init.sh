#!/bin/sh
# Makes the data of a new cluster beside its place and moves it there when it is whole: a run that was killed leaves
# nothing that looks like data. $1 major version, $2 data directory, the rest: options of initdb.
set -eu
cd /
umask 022
version=$1
data=$2
shift 2
if [ -e "$data" ] && [ -n "$(find "$data" -mindepth 1 -maxdepth 1 | head -n 1)" ]; then
    echo "$data is not empty" >&2
    exit 65
fi
parent=$(dirname "$data")
if [ ! -d "$parent" ]; then
    above=$(dirname "$parent")
    [ -d "$above" ] || install -d -m 0755 "$above"
    install -d -m 0755 -o postgres -g postgres "$parent"
fi
new=$data.hybridops-init
# Never started and never anybody's: what an interrupted initdb left.
rm -rf -- "$new"
install -d -m 0700 -o postgres -g postgres "$new"
runuser -u postgres -- env LC_ALL=C "/usr/lib/postgresql/$version/bin/initdb" -D "$new" --username=postgres \
    --auth-local=peer --auth-host=scram-sha-256 "$@" >&2
sync
# Only an empty directory gives way to it.
mv -T -- "$new" "$data"
sync
