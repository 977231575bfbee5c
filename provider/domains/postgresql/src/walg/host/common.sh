# shellcheck shell=sh
# What the scripts beside this file share ($here is where they are). The first argument of each of them names the instance ("15-main"); what it
# is stands in a file that the provider writes and root owns.

LC_ALL=C
export LC_ALL

# Reads the instance's file. HYBRIDOPS_ETC is set by tests only.
load_instance() {
    instance=$1
    case $instance in
    '' | */* | .*) die 1 "'$instance' is no name of an instance" ;;
    esac
    config_dir=${HYBRIDOPS_ETC:-/etc/hybridops/postgresql}/$instance
    [ -r "$config_dir/instance.env" ] || die 1 "$config_dir/instance.env cannot be read"
    # shellcheck source=/dev/null
    . "$config_dir/instance.env"
    : "${HYBRIDOPS_STATE:?}" "${HYBRIDOPS_SYSTEM_ID:?}" "${HYBRIDOPS_WAL_SEGMENT:?}" "${HYBRIDOPS_WAL_G:?}"
}

# Says why on standard error, which PostgreSQL and the journal keep, and ends.
die() {
    code=$1
    shift
    echo "hybridops: $*" >&2
    exit "$code"
}

# Text as one JSON string. Control characters become blanks.
json() {
    printf '"%s"' "$(printf '%s' "$1" | tr '\000-\037' ' ' | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# Replaces a file of the state directory whole, by what comes in. A full disk must not make its caller fail.
keep() {
    if cat >"$HYBRIDOPS_STATE/$1.$$" 2>/dev/null; then
        mv -f "$HYBRIDOPS_STATE/$1.$$" "$HYBRIDOPS_STATE/$1"
    else
        rm -f "$HYBRIDOPS_STATE/$1.$$"
    fi
} 2>/dev/null

# A number of the header of a WAL segment: file, offset, format of od.
header() {
    od -A n -j "$2" -N "$(printf %s "$3" | tr -cd '0-9')" -t "$3" -- "$1" 2>/dev/null | tr -d ' \n'
}

# The system of a data directory: the first number of its control file.
system_of() {
    header "$1/global/pg_control" 0 u8
}

# The end of what a program said, short enough for a message.
last_line() {
    printf '%s\n' "$1" | sed '/^ *$/d' | tail -n 1 | cut -c 1-300
}

# Whether a file is the WAL segment it is named as, of this system. Sets $wrong where it is not. The shell has no local
# names: these are this function's.
is_our_segment() {
    seg_file=$1 seg_name=$2 wrong=
    seg_size=$(wc -c <"$seg_file" 2>/dev/null | tr -d ' ')
    if [ "${seg_size:-0}" != "$HYBRIDOPS_WAL_SEGMENT" ]; then
        wrong="it has ${seg_size:-no} bytes and a whole segment has $HYBRIDOPS_WAL_SEGMENT"
        return 1
    fi
    seg_found=$(header "$seg_file" 24 u8)
    if [ "$seg_found" != "$HYBRIDOPS_SYSTEM_ID" ]; then
        wrong="it is of the system $seg_found and this instance is $HYBRIDOPS_SYSTEM_ID"
        return 1
    fi
    # Signed on both sides: the shell has no other numbers, and equality does not mind.
    seg_timeline=$(printf %.8s "$seg_name")
    seg_rest=${seg_name#????????}
    seg_log=$(printf %.8s "$seg_rest")
    seg_rest=${seg_rest#????????}
    seg_part=$(printf %.8s "$seg_rest")
    seg_address=$(((0x$seg_log << 32) + 0x$seg_part * HYBRIDOPS_WAL_SEGMENT))
    seg_found=$(header "$seg_file" 8 d8)
    if [ "$seg_found" != "$seg_address" ]; then
        wrong="it begins at position $seg_found and its name says $seg_address"
        return 1
    fi
    # The first segment of a timeline begins with pages of the one before.
    seg_found=$(header "$seg_file" 4 u4)
    if [ "${seg_found:-0}" -lt 1 ] || [ "$seg_found" -gt $((0x$seg_timeline)) ]; then
        wrong="it is of timeline ${seg_found:-0} and its name says $((0x$seg_timeline))"
        return 1
    fi
}

# Whether a name is that of a whole segment.
is_segment() {
    printf '%s\n' "$1" | grep -Eq '^[0-9A-F]{24}$'
}

# One line of a file of lines key=value, "lease".
field() {
    sed -n "s/^$2=//p" "$1" 2>/dev/null | head -n 1
}

# Whether this member may write to the archive: it holds the epoch and its lease has not run out. Sets $wrong.
holds_the_epoch() {
    lease=$HYBRIDOPS_STATE/lease wrong=
    if [ ! -e "$lease" ]; then
        [ "${HYBRIDOPS_EPOCH_GUARD:-0}" = 1 ] || return 0
        wrong="there is no lease of the epoch"
        return 1
    fi
    holder=$(field "$lease" holder)
    if [ "$holder" != "${HYBRIDOPS_MEMBER:-}" ]; then
        wrong="epoch $(field "$lease" epoch) is held by '$holder', and this is '${HYBRIDOPS_MEMBER:-}'"
        return 1
    fi
    expires=$(field "$lease" expires)
    if [ -n "$expires" ] && [ "$expires" -le "$(date +%s)" ]; then
        # shellcheck disable=SC2034
        wrong="the lease of epoch $(field "$lease" epoch) ran out at $(date -u -d "@$expires" +%FT%TZ 2>/dev/null || echo "$expires")"
        return 1
    fi
}

# WAL-G with the configuration of the instance. "-k": what does not end by TERM is killed.
wal_g() {
    limit=$1
    shift
    timeout -k 10 "$limit" "$HYBRIDOPS_WAL_G" --config "$WALG_CONFIG_PATH" "$@"
}

# A file of SQL beside the scripts, on the instance's server; what follows the name goes to psql. The file may read
# standard input.
query_file() {
    # shellcheck disable=SC2154
    file=$here/$1
    shift
    PGCONNECT_TIMEOUT=10 PGAPPNAME=hybridops "$HYBRIDOPS_PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@" -f "$file"
}
