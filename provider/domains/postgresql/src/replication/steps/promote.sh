# shellcheck shell=sh disable=SC2154,SC2119
# Makes a standby the primary: $1 epoch, $2 end of its lease or nothing; then the slots of the other members. The epoch
# is raised by then.
slots() {
    for slot in "$@"; do
        one "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '$slot' AND NOT active
               AND (restart_lsn IS NULL OR wal_status IN ('lost', 'unreserved'))" >/dev/null
        one "SELECT pg_create_physical_replication_slot('$slot', true)
               WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '$slot')" >/dev/null
    done
}
epoch=$1
hold "$epoch" "$member" "$2"
shift 2
rm -f "$fence"
start_lease restart
if [ "$(one 'SELECT pg_is_in_recovery()')" = t ]; then
    # A history file that cannot be fetched must not be taken for one that is not there: the timeline would be one that
    # another server took.
    if [ -d "$state" ]; then touch "$state/promoting"; fi
    trap 'rm -f "$state/promoting"' EXIT
    done=$(one 'SELECT pg_promote(true, 60)')
    [ "$done" = t ] || die "$member was told to promote and did not within 60 s: $(last_words)"
fi
rm -rf "$state/handover"
slots "$@"
# Until there is a checkpoint the control file tells the old timeline, which backups and pg_rewind believe.
one 'CHECKPOINT' >/dev/null
timeline=$(one 'SELECT timeline_id FROM pg_control_checkpoint()')
# The first write, and proof of it: nothing is left behind in any database.
one "SELECT pg_logical_emit_message(true, 'hybridops', 'epoch $epoch held by $member')" >/dev/null
printf 'segment=%s\n' "$(one 'SELECT pg_walfile_name(pg_current_wal_lsn())')"
printf 'lsn=%s\n' "$(one 'SELECT pg_current_wal_lsn()')"
one 'SELECT pg_switch_wal()' >/dev/null
printf 'timeline=%s\n' "$timeline"
history=$(printf '%s/pg_wal/%08X.history' "$data" "$timeline")
[ -f "$history" ] && printf 'fork=%s\n' "$(grep -E '^[0-9]' "$history" | tail -n 1 | cut -f 2)"
exit 0
