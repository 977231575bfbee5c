#!/bin/sh
# archive_command: hybridops-wal-archive INSTANCE PATH
#
# Sends one file to the archive, if it is ours to send. PostgreSQL keeps the file and tries again after any code but
# 0. Codes above 125 would end its archiver, so there are none.

set -u
here=$(dirname "$0")
# shellcheck source=common.sh
. "$here/common.sh"
load_instance "${1:-}"
path=${2:?} name=${2##*/}
started=$(date +%s)

# How it ended, for the provider and for the metrics: result, reason.
record() {
    failures=0
    if [ "$1" != ok ]; then
        failures=$(sed -n 's/.*"failures":\([0-9]*\).*/\1/p' "$HYBRIDOPS_STATE/archive.json" 2>/dev/null)
        failures=$((${failures:-0} + 1))
    fi
    now=$(date +%s)
    printf '{"result":"%s","file":%s,"time":%s,"seconds":%s,"failures":%s,"reason":%s}\n' \
        "$1" "$(json "$name")" "$now" $((now - started)) "$failures" "$(json "$2")" | keep archive.json
}

refuse() {
    record refused "$1"
    die 1 "$name is not archived: $1"
}

if [ -e "$HYBRIDOPS_STATE/archiving-off" ]; then
    refuse "archiving is off: $(head -n 1 "$HYBRIDOPS_STATE/archiving-off")"
fi
holds_the_epoch || refuse "$wrong"
if is_segment "${name%.partial}"; then
    is_our_segment "$path" "${name%.partial}" || refuse "$wrong"
else
    # Histories of timelines and labels of backups do not say whose they are.
    found=$(system_of "$PGDATA")
    [ "$found" = "$HYBRIDOPS_SYSTEM_ID" ] ||
        refuse "$PGDATA is of the system ${found:-nobody knows} and this instance is $HYBRIDOPS_SYSTEM_ID"
fi

said=$(wal_g "${HYBRIDOPS_ARCHIVE_LIMIT:-120}" wal-push "$path" 2>&1)
code=$?
printf '%s\n' "$said" >&2
if [ $code -eq 0 ]; then
    record ok ''
    if is_segment "$name"; then echo "$name $(date +%s)" | keep archived; fi
    exit 0
fi
if [ $code -eq 124 ] || [ $code -eq 137 ]; then
    reason="no end after ${HYBRIDOPS_ARCHIVE_LIMIT:-120} s"
elif printf '%s' "$said" | grep -q 'contents differ'; then
    reason="the archive has $name with other contents: this instance was set back, or another one writes there"
    record conflict "$reason"
    die 1 "$name is not archived: $reason"
else
    reason="WAL-G ended with $code: $(last_line "$said")"
fi
record failed "$reason"
die 1 "$name is not archived: $reason"
