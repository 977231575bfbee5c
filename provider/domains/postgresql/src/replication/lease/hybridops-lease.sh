#!/bin/sh
# hybridops-lease INSTANCE run|acquire
#
# Keeps the lease of the epoch for a primary: renews the epoch object in the store by conditional writes, and stops the
# server before the lease ends where that cannot be done. "acquire" renews once, for the start of the server.
#
# Another member may be made primary when the lease has ended. So the server must be down by then, whatever the store,
# the network or the clock does: the end is counted by the clock of the day and by the time since boot, whichever comes
# first.

set -u
LC_ALL=C
export LC_ALL
instance=${1:?} what=${2:-run}
etc=${HYBRIDOPS_ETC:-/etc/hybridops/postgresql}/$instance
# shellcheck source=/dev/null
. "$etc/lease.env"
: "${VERSION:?}" "${CLUSTER:?}" "${DATA:?}" "${PORT:?}" "${MEMBER:?}" "${STATE:?}" "${KIND:?}" "${SECONDS_HELD:?}" "${INTERVAL:?}" "${MARGIN:?}"
unit=postgresql@$VERSION-$CLUSTER
code='' holder='' epoch=''
fence=$DATA.hybridops-fence
work=$(mktemp -d /run/hybridops-lease.XXXXXX 2>/dev/null || mktemp -d)
watcher=''
trap 'rm -rf "$work"; [ -z "$watcher" ] || kill "$watcher" 2>/dev/null' EXIT
trap 'exit 0' TERM INT

say() {
    echo "hybridops: $*" >&2
}

uptime_seconds() {
    cut -d . -f 1 /proc/uptime
}

sql() {
    printf '%s\n' "$1" | timeout 5 runuser -u postgres -- env PGCONNECT_TIMEOUT=3 psql -X -A -t -q -h /var/run/postgresql \
        -p "$PORT" -d postgres -v ON_ERROR_STOP=1 -f - 2>/dev/null
}

# A secret of WAL-G's configuration.
secret() {
    sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" "$etc/wal-g.json" 2>/dev/null | head -n 1
}

# A member of the epoch object, which is one line.
member_of() {
    sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" "$work/epoch" | head -n 1
}

# Sends a request to S3. Credentials go by standard input; what follows goes to curl.
s3() {
    {
        printf 'user = "%s:%s"\n' "$(secret AWS_ACCESS_KEY_ID)" "$(secret AWS_SECRET_ACCESS_KEY)"
        token=$(secret AWS_SESSION_TOKEN)
        [ -z "$token" ] || printf 'header = "x-amz-security-token: %s"\n' "$token"
        [ -z "${CA_FILE:-}" ] || printf 'cacert = "%s"\n' "$CA_FILE"
    } | curl -K - -sS --connect-timeout 3 --max-time 6 --aws-sigv4 "aws:amz:${REGION:-us-east-1}:s3" \
        -o "$work/answer" -D "$work/head" -w '%{http_code}' "$@" 2>"$work/error" || true
}

# Reads the object into $work/epoch and its version into $version.
read_epoch() {
    version=''
    case $KIND in
    s3)
        code=$(s3 "$PLACE")
        [ "$code" = 200 ] || return 1
        mv "$work/answer" "$work/epoch"
        version=$(sed -n 's/^[Ee][Tt]ag: *\(.*[^[:space:]]\)[[:space:]]*$/\1/p' "$work/head" | head -n 1)
        ;;
    file)
        timeout 6 cat "$PLACE" >"$work/epoch" 2>"$work/error" || return 1
        version=$(sha256sum <"$work/epoch" | cut -d ' ' -f 1)
        ;;
    esac
    [ -n "$version" ] && [ -n "$(member_of holder)" ]
}

# Writes $work/new over the version that was read. 0: it stands there; 1: another version did, or nobody knows.
write_epoch() {
    case $KIND in
    s3)
        code=$(s3 -X PUT -H "If-Match: $version" -H 'Content-Type: application/json' --data-binary "@$work/new" "$PLACE")
        [ "$code" = 200 ] || [ "$code" = 204 ]
        ;;
    file)
        root=${PLACE%/hybridops/epoch.json}
        # shellcheck disable=SC2016
        timeout 6 flock "$root/.hybridops-lock" sh -c '
            [ "$(sha256sum <"$1" | cut -d " " -f 1)" = "$2" ] && cp "$3" "$1.lease" && sync "$1.lease" && mv "$1.lease" "$1"
        ' sh "$PLACE" "$version" "$work/new" 2>"$work/error"
        ;;
    esac
}

# What archiving obeys.
keep_lease() {
    printf 'epoch=%s\nholder=%s\nexpires=%s\n' "$1" "$2" "$3" >"$STATE/lease.new"
    chown postgres:postgres "$STATE/lease.new"
    mv -f "$STATE/lease.new" "$STATE/lease"
}

# When the lease ends, for who watches over it: by the time since boot, and by the clock of the day.
keep_end() {
    printf '%s %s\n' "$1" "$2" >"$work/ends.new"
    mv -f "$work/ends.new" "$work/ends"
}

# Renews the lease: 0 it is ours, 1 nobody knows, 2 it is another's.
renew() {
    before=$(uptime_seconds) now=$(date +%s)
    read_epoch || return 1
    epoch=$(member_of epoch) holder=$(member_of holder)
    if [ "$holder" != "$MEMBER" ]; then
        keep_lease "$epoch" "$holder" "$(member_of expires)"
        return 2
    fi
    lsn=$(sql 'SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END')
    timeline=$(sql 'SELECT timeline_id FROM pg_control_checkpoint()')
    # A server that does not answer yet: what was told last.
    [ -n "$lsn" ] || lsn=$(member_of lsn)
    [ -n "$timeline" ] || timeline=$(member_of timeline)
    until=$((now + SECONDS_HELD))
    write=$(od -A n -N 8 -t x8 /dev/urandom | tr -d ' \n')
    sed -e "s/\"timeline\":[0-9]*/\"timeline\":$timeline/" -e "s|\"lsn\":\"[^\"]*\"|\"lsn\":\"$lsn\"|" \
        -e "s/\"renewed\":[0-9]*/\"renewed\":$now/" -e "s/\"expires\":[0-9]*/\"expires\":$until/" \
        -e "s/\"write\":\"[^\"]*\"/\"write\":\"$write\"/" "$work/epoch" >"$work/new"
    if ! write_epoch; then
        # The answer may have been lost, not the request.
        read_epoch && [ "$(member_of write)" = "$write" ] || return 1
    fi
    keep_lease "$epoch" "$MEMBER" "$until"
    keep_end $((before + SECONDS_HELD)) "$until"
    return 0
}

is_up() {
    pid=$(sed -n 1p "$DATA/postmaster.pid" 2>/dev/null) || return 1
    case $pid in '' | *[!0-9]*) return 1 ;; esac
    grep -qs postgres "/proc/$pid/comm" && ! grep -qs '^State:.*Z' "/proc/$pid/status"
}

# Whether a server runs that is, or may be, a primary. One that starts or hangs is taken for a primary.
is_primary() {
    is_up && [ ! -e "$DATA/standby.signal" ]
}

# Stops the server before the lease ends: fast, then at once, then by force.
stop_now() {
    say "$MEMBER stops its server: $1"
    printf '%s\n' "lease: $1" >"$fence.new" && mv -f "$fence.new" "$fence"
    pid=$(sed -n 1p "$DATA/postmaster.pid" 2>/dev/null)
    for signal in INT QUIT KILL; do
        is_up || break
        kill -s "$signal" "$pid" 2>/dev/null
        tries=0
        while is_up && [ $tries -lt $((MARGIN * 10 / 4)) ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
    done
    if is_up; then say "the server does not end"; else say "the server is down"; fi
    systemctl stop "$unit" 2>/dev/null &
}

# The lease ran out only because the store was away, and nobody took it: it is ours again.
resume() {
    [ -e "$fence" ] && ! grep -q '^lease: ' "$fence" && return 0
    rm -f "$fence" "$STATE/lease.wanted"
    say "the lease is held again; $MEMBER starts its server"
    systemctl reset-failed "$unit" 2>/dev/null
    systemctl start "$unit"
}

if [ "$what" = acquire ]; then
    renew && exit 0
    if [ "$?" = 2 ]; then
        say "epoch $epoch is held by '$holder': $MEMBER does not start as a primary"
        exit 1
    fi
    # The service tries on, and starts the server once the lease is held.
    touch "$STATE/lease.wanted"
    say "the lease of the epoch cannot be had: $(head -c 300 "$work/error" 2>/dev/null)"
    exit 1
fi

# Sees that the server is down when the lease ends, whatever the renewal waits for.
watch() {
    while :; do
        if is_primary && [ -e "$work/ends" ] && read -r ends by_clock <"$work/ends"; then
            left=$((ends - $(uptime_seconds))) left_by_clock=$((by_clock - $(date +%s)))
            [ $left_by_clock -lt $left ] && left=$left_by_clock
            if [ $left -le "$MARGIN" ]; then
                touch "$STATE/lease.wanted"
                stop_now "the lease of the epoch could not be renewed and ends in $left s"
            fi
        fi
        sleep 0.5
    done
}

# The end as it was before this process: a restart of the service must not make the lease longer. Without a lease that
# ever ran nobody counts on its end, and there is none to keep.
if [ "$(sed -n 's/^holder=//p' "$STATE/lease" 2>/dev/null)" = "$MEMBER" ]; then
    held=$(sed -n 's/^expires=//p' "$STATE/lease")
    case $held in
    '' | *[!0-9]*) ;;
    *)
        left=$((held - $(date +%s)))
        [ $left -gt "$SECONDS_HELD" ] && left=$SECONDS_HELD
        keep_end $(($(uptime_seconds) + left)) "$held"
        ;;
    esac
fi
watch &
watcher=$!
while kill -0 "$watcher" 2>/dev/null; do
    if is_primary || [ -e "$STATE/lease.wanted" ]; then
        renew
        case $? in
        0) if ! is_up && [ -e "$STATE/lease.wanted" ]; then resume; fi ;;
        2)
            rm -f "$STATE/lease.wanted"
            if is_primary; then stop_now "epoch $epoch is held by '$holder'"; fi
            ;;
        *) say "the lease cannot be renewed: $(head -c 300 "$work/error" 2>/dev/null | tr '\n' ' ')$code" ;;
        esac
    fi
    # In the background, so that a word to end is heard.
    sleep "$INTERVAL" &
    wait $!
done
exit 1
