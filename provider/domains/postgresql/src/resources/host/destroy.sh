#!/bin/sh
# Stops a cluster for good; its data and its configuration stay. $1 major version, $2 cluster, $3 packages or nothing.
set -eu
cd /
config=/etc/postgresql/$1/$2
if [ -d /run/systemd/system ]; then
    for timer in /etc/systemd/system/hybridops-*@"$1-$2".timer; do
        [ -e "$timer" ] || continue
        systemctl disable --now "$(basename "$timer")" >&2 || true
    done
fi
if [ -f "$config/postgresql.conf" ]; then
    echo manual >"$config/start.conf"
    if [ -d /run/systemd/system ]; then
        systemctl stop "postgresql@$1-$2" >&2
    else
        pg_ctlcluster "$1" "$2" stop >&2 || [ $? -eq 2 ]
    fi
    if pg_lsclusters -h | awk -v v="$1" -v c="$2" '$1 == v && $2 == c { print $4 }' | grep -q '^online'; then
        echo 'the server still runs' >&2
        exit 1
    fi
fi
if [ "$3" = packages ]; then
    # Another cluster of this version may need them.
    if [ "$(pg_lsclusters -h 2>/dev/null | awk -v v="$1" -v c="$2" '$1 == v && $2 != c' | wc -l)" -gt 0 ]; then
        echo "packages stay: another cluster of version $1 needs them" >&2
        exit 0
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-mark unhold "postgresql-$1" "postgresql-client-$1" >&2 || true
    apt-get -q -y -o DPkg::Lock::Timeout=300 remove "postgresql-$1" "postgresql-client-$1" >&2
fi
