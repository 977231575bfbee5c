#!/bin/sh
# Brings the packages of one major version to an exact version and holds them.
# $1 major version, $2 version of the package or nothing, $3 distribution or pgdg, $4 URL of the pgdg repository, $5 port.
set -eu
cd /
version=$1
wanted=$2
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
apt() {
    apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef "$@" >&2
}
installed() {
    # shellcheck disable=SC2016
    dpkg-query -W -f '${db:Status-Abbrev} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^.i  *//p'
}
offered() {
    if [ -n "$wanted" ]; then
        apt-cache madison "postgresql-$version" | awk -F '|' '{ gsub(/ /, "", $2); print $2 }' | grep -qxF -- "$wanted"
    else
        apt-cache policy "postgresql-$version" | grep -q '^  Candidate: [^(]'
    fi
}

# What an interrupted run left half done.
dpkg --configure -a >&2

# A cluster of the package's own would have no checksums and another owner than ours.
mkdir -p /etc/postgresql-common/createcluster.d
printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.d/hybridops.conf

if [ "$3" = pgdg ]; then
    if [ -z "$(installed postgresql-common)" ]; then
        apt install --no-install-recommends postgresql-common || { apt update && apt install --no-install-recommends postgresql-common; }
    fi
    if [ -z "$(installed ca-certificates)" ]; then
        apt install --no-install-recommends ca-certificates
    fi
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    line="deb [signed-by=/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc] $4 $codename-pgdg main"
    list=/etc/apt/sources.list.d/hybridops-pgdg.list
    if [ "$(cat "$list" 2>/dev/null)" != "$line" ]; then
        printf '%s\n' "$line" >"$list"
        apt update
    fi
fi

# What the machine knows of its repositories may be old, or nothing at all.
if ! offered; then
    apt update
    if ! offered; then
        echo "no repository of this machine offers postgresql-$version${wanted:+ in version $wanted}; it offers:" >&2
        apt-cache madison "postgresql-$version" >&2
        exit 64
    fi
fi
if [ -z "$wanted" ]; then
    wanted=$(apt-cache policy "postgresql-$version" | sed -n 's/^  Candidate: //p')
fi

if [ "$(installed "postgresql-$version")" != "$wanted" ]; then
    # The package restarts servers of this version: what is in memory is written first, so that it is short.
    if [ -S "/var/run/postgresql/.s.PGSQL.$5" ]; then
        runuser -u postgres -- psql -X -q -h /var/run/postgresql -p "$5" -d postgres -c CHECKPOINT >&2 || true
    fi
    packages="postgresql-$version=$wanted postgresql-client-$version=$wanted openssl"
    # shellcheck disable=SC2086
    apt install --no-install-recommends --allow-change-held-packages --allow-downgrades $packages ||
        { apt update && apt install --no-install-recommends --allow-change-held-packages --allow-downgrades $packages; }
fi
apt-mark hold "postgresql-$version" "postgresql-client-$version" >&2
installed "postgresql-$version"
