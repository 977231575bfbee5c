#!/bin/sh
# hybridops-backup INSTANCE [full]: takes a base backup, and ends well only when the archive has all it needs.
#
# Run by a timer on every member: where there is nothing to do it says so and ends well. The last result stays as JSON
# beside the archive's.

set -u
here=$(dirname "$0")
# shellcheck source=common.sh
. "$here/common.sh"
load_instance "${1:-}"
kind=${2:-}
started=$(date +%s)
run=$started-$$

record() {
    printf '{"result":"%s","run":"%s","time":%s,"seconds":%s,"reason":%s%s}\n' \
        "$1" "$run" "$(date +%s)" $(($(date +%s) - started)) "$(json "$2")" "${3:-}" | keep backup.json
}

fail() {
    record failed "$1"
    die 1 "no backup: $1"
}

nothing_to_do() {
    record skipped "$1"
    echo "hybridops: no backup: $1"
    exit 0
}

exec 9>"$HYBRIDOPS_STATE/backup.lock" || fail "$HYBRIDOPS_STATE/backup.lock cannot be written"
if ! flock -n 9; then
    echo "hybridops: no backup: another one is being taken"
    exit 0
fi

holds_the_epoch || nothing_to_do "$wrong"
state=$(query_file server.sql -F ' ' </dev/null) || fail "the server does not answer"
# shellcheck disable=SC2086
set -- $state
[ "$1" = f ] || nothing_to_do "this is a standby"
# WAL-G tries localhost:5432 where its server does not answer: the one that answers must be ours.
[ "$2" = "$HYBRIDOPS_SYSTEM_ID" ] || fail "the server is of the system $2 and this instance is $HYBRIDOPS_SYSTEM_ID"
[ "$3" != off ] || fail "archive_mode is off: the backup would lack the WAL that makes it consistent"
[ "$4" = "$PGDATA" ] || fail "the server's data directory is $4 and this instance's is $PGDATA"

note=$(printf '{"hybridops":{"member":%s,"run":"%s"}}' "$(json "${HYBRIDOPS_MEMBER:-}")" "$run")
if [ "$kind" = full ]; then set -- --full; else set --; fi
said=$(wal_g "${HYBRIDOPS_BACKUP_LIMIT:-86400}" backup-push "$PGDATA" "$@" --add-user-data "$note" 2>&1)
code=$?
printf '%s\n' "$said"
[ $code -ne 124 ] || fail "no end after ${HYBRIDOPS_BACKUP_LIMIT:-86400} s"
[ $code -eq 0 ] || fail "WAL-G ended with $code: $(last_line "$said")"

# The server reads WAL-G's list: its numbers are exact there, and no other reader of JSON is sure to be here.
list=$(wal_g "${HYBRIDOPS_FETCH_LIMIT:-120}" backup-list --detail --json 2>/dev/null) ||
    fail "the list of backups cannot be read"
found=$(printf '%s' "$list" | query_file find-backup.sql -F ' ' -v "run=$run") ||
    fail "the list of backups cannot be understood"
[ -n "$found" ] || fail "WAL-G's list does not have the backup it says it made"
# shellcheck disable=SC2086
set -- $found
backup=$1 first=$2 last=$3 start_lsn=$4 finish_lsn=$5 size=$6 whole=$7 finish_time=$8 system=$9
[ "$system" = "$HYBRIDOPS_SYSTEM_ID" ] || fail "$backup is of the system $system"

# A backup without its WAL restores nothing: what it begins and ends with is read back.
limit=$(($(date +%s) + ${HYBRIDOPS_WAL_WAIT:-600}))
for segment in $first $last; do
    probe=$HYBRIDOPS_STATE/probe.$segment
    until wal_g "${HYBRIDOPS_FETCH_LIMIT:-120}" wal-fetch "$segment" "$probe" >/dev/null 2>&1; do
        rm -f "$probe"
        [ "$(date +%s)" -lt "$limit" ] || fail "the archive does not have $segment, which $backup needs"
        sleep 1
    done
    is_our_segment "$probe" "$segment" || { rm -f "$probe"; fail "$segment, which $backup needs: $wrong"; }
    rm -f "$probe"
done

record ok '' "$(printf ',"name":"%s","start_lsn":"%s","finish_lsn":"%s","first":"%s","last":"%s","finish_time":"%s","compressed":%s,"uncompressed":%s' \
    "$backup" "$start_lsn" "$finish_lsn" "$first" "$last" "$finish_time" "$size" "$whole")"
cp -f "$HYBRIDOPS_STATE/backup.json" "$HYBRIDOPS_STATE/backup-ok.json.$$" &&
    mv -f "$HYBRIDOPS_STATE/backup-ok.json.$$" "$HYBRIDOPS_STATE/backup-ok.json"
echo "hybridops: $backup, $size bytes, $(($(date +%s) - started)) s"
