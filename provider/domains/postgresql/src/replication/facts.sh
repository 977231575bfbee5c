# shellcheck shell=sh disable=SC2154,SC2119
# Tells what replication must know of a member, in one round trip: lines "name=value". Changes nothing.

tell() {
    printf '%s=%s\n' "$1" "$2"
}

tell now "$(date +%s)"
[ -x "$bin/postgres" ] && tell installed 1
if [ ! -d "$data" ]; then
    tell data missing
elif [ -f "$data/PG_VERSION" ] && [ -f "$data/global/pg_control" ]; then
    tell data present
    tell major "$(cat "$data/PG_VERSION")"
    tell system_id "$(control 'Database system identifier')"
    tell control "$(control 'Database cluster state')"
    tell checkpoint "$(control 'Latest checkpoint location')"
    tell timeline "$(control "Latest checkpoint's TimeLineID")"
    tell segment_size "$(control 'Bytes per WAL segment')"
    tell rewindable "$(control 'Data page checksum version')$(control 'wal_log_hints setting')"
    # Where each timeline of its history began.
    history=$(printf '%s/pg_wal/%08X.history' "$data" "$(control "Latest checkpoint's TimeLineID")")
    [ -f "$history" ] && sed -n 's/^\([0-9][0-9]*\)[[:space:]]\{1,\}\([0-9A-F]*\/[0-9A-F]*\).*/parent=\1|\2/p' "$history"
elif [ -z "$(ls -A "$data")" ]; then
    tell data empty
else
    tell data foreign
fi
[ -f "$data/standby.signal" ] && tell standby 1
[ -f "$data/recovery.signal" ] && tell recovering 1
[ -f "$fence" ] && tell fence "$(head -n 1 "$fence")"
[ -f "$data.hybridops-rejoin" ] && tell rejoin "$(head -n 1 "$data.hybridops-rejoin")"
if is_alive; then tell alive 1; fi
for name in epoch holder expires; do
    [ -f "$state/lease" ] && tell "lease.$name" "$(sed -n "s/^$name=//p" "$state/lease" | head -n 1)"
done
if has_systemd; then
    systemctl is-active -q "hybridops-lease@$version-$cluster" && tell leasing 1
fi
[ -f "/etc/hybridops/postgresql/$version-$cluster/guard" ] && tell guard "$(cat "/etc/hybridops/postgresql/$version-$cluster/guard")"
[ -f "$ours" ] && tell settings "$(sha256sum "$ours" | cut -c 1-64)"
[ -f "$state/replication.pass.version" ] && tell password_version "$(cat "$state/replication.pass.version")"
# Waits for a synchronous standby that were called off: their commits were acknowledged, and may be lost.
tell cancelled "$(cat "/var/log/postgresql/postgresql-$version-$cluster.log" "/var/log/postgresql/postgresql-$version-$cluster.log.1" 2>/dev/null | grep -c 'canceling wait for synchronous replication' || true)"

if is_alive && [ -S "/var/run/postgresql/.s.PGSQL.$port" ]; then
    sql <<'SQL' 2>/dev/null || tell silent 1
SELECT 'answers=1';
SELECT 'in_recovery=' || pg_is_in_recovery()::int;
SELECT 'system_id=' || system_identifier FROM pg_control_system();
SELECT 'lsn=' || CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END;
SELECT 'received=' || pg_last_wal_receive_lsn() WHERE pg_is_in_recovery();
SELECT 'replayed_at=' || extract(epoch FROM pg_last_xact_replay_timestamp())::numeric(20,3)
  WHERE pg_last_xact_replay_timestamp() IS NOT NULL;
SELECT 'server_timeline=' || CASE WHEN pg_is_in_recovery()
  THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), greatest((SELECT timeline_id FROM pg_control_checkpoint()),
    (SELECT max(('x' || substr(name, 1, 8))::bit(32)::int) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$')))
  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END;
SELECT 'receiver=' || concat_ws('|', status, sender_host, sender_port, slot_name) FROM pg_stat_wal_receiver;
SELECT 'slot=' || concat_ws('|', slot_name, active::int, coalesce(restart_lsn::text, ''), coalesce(wal_status, ''),
    coalesce(CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END::bigint::text, ''))
  FROM pg_replication_slots WHERE slot_type = 'physical';
SELECT 'stream=' || concat_ws('|', application_name, state, sync_state, coalesce(replay_lsn::text, ''),
    coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
    replay_lsn)::bigint::text, '')) FROM pg_stat_replication;
SELECT 'set.' || name || '=' || setting FROM pg_settings
  WHERE name IN ('archive_mode', 'max_slot_wal_keep_size', 'synchronous_standby_names', 'wal_log_hints', 'hot_standby');
SELECT 'archived=' || last_archived_wal FROM pg_stat_archiver
  WHERE last_archived_wal IS NOT NULL;
SELECT 'archive_failing=1' FROM pg_stat_archiver
  WHERE last_failed_time > coalesce(last_archived_time, '-infinity');
SELECT 'ready=' || count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready';
SQL
fi
tell end 1
