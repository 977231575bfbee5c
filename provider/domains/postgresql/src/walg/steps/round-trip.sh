# Proves that what is written reaches the archive: $1 instance, $2 seconds it may take. Writes a record into the WAL,
# switches the segment, waits until the archive has it, reads it back and compares.
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=common.sh
. "$here/common.sh"
load_instance "$1"
limit=$2
begun=$(date +%s%3N)
sql() {
    runuser -u postgres -- "$HYBRIDOPS_PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d postgres -c "$1"
}
found=$(sql "select system_identifier from pg_control_system()")
[ "$found" = "$HYBRIDOPS_SYSTEM_ID" ] || die 65 "the server is of the system $found and this instance is $HYBRIDOPS_SYSTEM_ID"
# The record is in the segment that is current when it is written; then that segment ends.
lsn=$(sql "select pg_logical_emit_message(false, 'hybridops', 'archive round trip')")
segment=$(sql "select pg_walfile_name('$lsn'::pg_lsn)")
sql "select pg_switch_wal()" >/dev/null
probe=$HYBRIDOPS_STATE/probe.round-trip
# Not before the archiver said so: WAL-G would wait for each try.
while [ "$(sql "select count(*) from pg_ls_archive_statusdir() where name = '$segment.done'")" = 0 ] &&
    [ -n "$(sql "select name from pg_ls_archive_statusdir() where name = '$segment.ready'")" ]; do
    if [ $(($(date +%s%3N) - begun)) -ge $((limit * 1000)) ]; then
        die 75 "$segment was not archived within $limit s: $(head -c 600 "$HYBRIDOPS_STATE/archive.json" 2>/dev/null)"
    fi
    sleep 0.2
done
code=0
said=$(runuser -u postgres -- timeout -k 10 "$limit" "$HYBRIDOPS_WAL_G" --config "$WALG_CONFIG_PATH" wal-fetch "$segment" "$probe" 2>&1) || code=$?
if [ "$code" != 0 ]; then
    rm -f "$probe"
    die 76 "$segment cannot be read back from the archive (code $code): $(last_line "$said")"
fi
# shellcheck disable=SC2154
if ! is_our_segment "$probe" "$segment"; then
    rm -f "$probe"
    die 76 "what the archive has is not $segment: $wrong"
fi
own=$PGDATA/pg_wal/$segment
if [ -f "$own" ] && ! cmp -s "$own" "$probe"; then
    rm -f "$probe"
    die 76 "$segment in the archive differs from the server's own"
fi
rm -f "$probe"
printf '%s %s %s %s\n' "$lsn" "$segment" "$(($(date +%s%3N) - begun))" "$(date -u +%FT%TZ)"
