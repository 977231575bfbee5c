#!/bin/sh
# restore_command: hybridops-wal-restore INSTANCE NAME PATH
#
# Fetches one file of the archive. 0: it is there and is what it is named as. 1: it is not there, or cannot be had now
# and PostgreSQL asks again (a standby). 255: it cannot be told whether it is there, and PostgreSQL would go on as if
# it were not, so it must stop.

set -u
here=$(dirname "$0")
# shellcheck source=common.sh
. "$here/common.sh"
load_instance "${1:-}"
name=${2:?} path=${3:?}
part=$path.hybridops
config=$WALG_CONFIG_PATH
trap 'rm -f "$part"' EXIT

# PostgreSQL takes "not there" as the end of the archive unless it is a standby. A promotion takes the first timeline
# whose history is "not there" for its own.
must_be_certain() {
    [ ! -e standby.signal ] && return 0
    case $name in
    *.history) [ -e "$HYBRIDOPS_STATE/promoting" ] ;;
    *) return 1 ;;
    esac
}

# Whether what was fetched may be handed over. Sets $wrong.
is_whole() {
    if is_segment "$name"; then
        is_our_segment "$part" "$name"
    elif [ ! -s "$part" ]; then
        wrong="it is empty"
        return 1
    fi
}

# One try with one configuration: ends well with the file handed over, or says why not.
fetch() {
    rm -f "$part"
    WALG_CONFIG_PATH=$1
    said=$(wal_g "${HYBRIDOPS_FETCH_LIMIT:-120}" wal-fetch "$name" "$part" 2>&1)
    code=$?
    if [ $code -eq 0 ] && is_whole; then
        mv -f "$part" "$path" && return 0
        why="it cannot be moved to $path"
    elif [ $code -eq 0 ]; then
        why="what the archive has is not $name: $wrong"
    elif [ $code -eq 124 ] || [ $code -eq 137 ]; then
        why="no end after ${HYBRIDOPS_FETCH_LIMIT:-120} s"
    else
        why="WAL-G ended with $code: $(last_line "$said")"
    fi
    return 1
}

# What the old primary had not sent, brought from its disk before this one is promoted.
handed=$HYBRIDOPS_STATE/handover/$name
if [ -f "$handed" ] && cp "$handed" "$part" && is_whole && mv -f "$part" "$path"; then exit 0; fi

try=1
while :; do
    fetch "$config" && exit 0
    if [ $code -eq 74 ]; then
        # A restore wants to know where the archive ends.
        if [ "${HYBRIDOPS_NOTE_END:-0}" = 1 ] && is_segment "$name"; then echo "$name" | keep end; fi
        exit 1
    fi
    said_first=$why
    # It may have been written with a key that was used before.
    for older in "$config_dir"/keys/*.json; do
        if [ -e "$older" ] && fetch "$older"; then exit 0; fi
    done
    why=$said_first
    echo "hybridops: $name cannot be fetched (try $try): $why" >&2
    [ "$try" -ge "${HYBRIDOPS_FETCH_TRIES:-3}" ] && break
    sleep "$try"
    try=$((try + 1))
done
printf '{"result":"failed","file":%s,"time":%s,"reason":%s}\n' "$(json "$name")" "$(date +%s)" "$(json "$why")" |
    keep fetch.json
if must_be_certain; then exit 255; fi
exit 1
