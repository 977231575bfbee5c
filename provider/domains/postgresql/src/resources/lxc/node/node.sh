#!/bin/sh
# Looks at the directory of a node that keeps an instance, or prepares it. What holds something is never changed.
# $1 look or prepare, $2 directory, $3 data set (may be empty), $4 and $5 owner and group of the data,
# $6 owner of the configuration: root of the container, $7 whether all nodes have the same directory there
set -eu
LC_ALL=C
export LC_ALL
verb=$1
path=$2
dataset=$3
user=$4
group=$5
root=$6
shared=$7

fail() {
    printf '%s\n' "$1" >&2
    exit 65
}

# Owner, mode, number of entries and place of a directory.
tell() {
    if [ -L "$1" ]; then
        printf 'link %s\n' "$1"
    elif [ -d "$1" ]; then
        printf 'directory %s %s %s\n' "$(stat -c '%u %g %a' "$1")" "$(find "$1" -mindepth 1 -maxdepth 1 | wc -l)" "$1"
    elif [ -e "$1" ]; then
        printf 'other %s\n' "$1"
    fi
}

look() {
    if [ -n "$dataset" ]; then
        if ! command -v zfs >/dev/null 2>&1; then
            echo no_zfs
        elif where=$(zfs list -H -o mountpoint,mounted "$dataset" 2>/dev/null); then
            printf 'dataset %s\n' "$where"
        fi
    fi
    tell "$path"
    tell "$path/data"
    tell "$path/etc"
    for version in "$path"/data/[0-9]*; do
        [ -d "$version" ] || continue
        for cluster in "$version"/*; do
            if [ -d "$cluster" ]; then
                tell "$cluster"
                if [ -f "$cluster/PG_VERSION" ]; then
                    printf 'version %s %s\n' "$(head -n 1 "$cluster/PG_VERSION")" "$cluster"
                fi
                if [ -f "$cluster/global/pg_control" ]; then
                    # A control file begins with the system identifier, in the machine's own order of bytes.
                    printf 'control %s %s\n' "$(od -A n -t u8 -N 8 "$cluster/global/pg_control" | tr -d ' ')" "$cluster"
                fi
            fi
        done
        for marker in "$version"/*.hybridops.json; do
            if [ -f "$marker" ]; then
                printf 'marker %s %s\n' "$marker" "$(tr -d '\n' <"$marker" | head -c 65536)"
            fi
        done
    done
    set -- /etc/pve/lxc/*.conf
    [ "$shared" = no ] || set -- /etc/pve/nodes/*/lxc/*.conf
    for config; do
        if [ -f "$config" ] && sed '/^\[/,$d' "$config" | grep -q "^mp[0-9]*: $path/data,"; then
            printf 'mounted_by %s %s\n' "$(basename "$config" .conf)" "$(sed -n 's/^hostname: //p' "$config" | head -n 1)"
        fi
    done
    echo end
}

# Makes a directory, or takes over one that is empty.
place() {
    [ ! -L "$1" ] || fail "$1 is a symbolic link"
    [ -d "$1" ] || mkdir "$1"
    if [ -z "$(find "$1" -mindepth 1 -maxdepth 1 | head -n 1)" ]; then
        chown "$2" "$1"
        chmod "$3" "$1"
    elif [ "$(stat -c %u:%g "$1")" != "$2" ]; then
        fail "$1 holds something and belongs to $(stat -c %u:%g "$1"), not to $2; it was left alone"
    fi
}

prepare() {
    umask 022
    if [ -n "$dataset" ]; then
        zfs list -H -o name "$dataset" >/dev/null 2>&1 ||
            zfs create -p -o mountpoint="$path" -o recordsize=16K -o atime=off "$dataset"
        [ "$(zfs list -H -o mounted "$dataset")" = yes ] || zfs mount "$dataset"
        [ "$(zfs list -H -o mountpoint "$dataset")" = "$path" ] ||
            fail "data set $dataset is mounted at $(zfs list -H -o mountpoint "$dataset"), not at $path"
    fi
    mkdir -p "$path"
    place "$path/data" "$user:$group" 0755
    place "$path/etc" "$root:$root" 0755
}

case $verb in
look) look ;;
prepare) prepare ;;
*) fail "unknown: $verb" ;;
esac
