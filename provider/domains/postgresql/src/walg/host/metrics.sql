-- How far the archive is behind, in bytes and in seconds. Standard input: samples of former runs, "time position xid".
--
-- Seconds are counted from the last sample of which every commit is in the archive: a server without commits is
-- never behind, however long nothing was archived. Lines that begin with "=" are the samples that still count.
\set samples `cat`
with server as (
  select pg_is_in_recovery() as standby,
         extract(epoch from clock_timestamp())::numeric(20, 3) as now,
         (case when pg_is_in_recovery() then coalesce(pg_last_wal_replay_lsn(), '0/0') else pg_current_wal_lsn() end
            - '0/0'::pg_lsn)::numeric as position,
         txid_snapshot_xmax(txid_current_snapshot())::numeric as xid
), segment as (
  select name from (values (:'archived')) as ours(name) where name ~ '^[0-9A-F]{24}$'
  union all
  select last_archived_wal from pg_stat_archiver where last_archived_wal ~ '^[0-9A-F]{24}$'
), archived as (
  select coalesce(max(('x' || substr(name, 9, 8))::bit(32)::bigint::numeric * 4294967296
                      + (('x' || substr(name, 17, 8))::bit(32)::bigint + 1)::numeric * :segment), 0) as position
  from segment
), sample as (
  select split_part(line, ' ', 1)::numeric as time, split_part(line, ' ', 2)::numeric as position,
         split_part(line, ' ', 3)::numeric as xid
  from unnest(string_to_array(:'samples', E'\n')) as line
  where line ~ '^[0-9.]+ [0-9]+ [0-9]+$'
  union all
  select now, position, xid from server
), covered as (
  select max(xid) as xid from sample, archived where sample.position <= archived.position
), since as (
  select coalesce(
           (select max(sample.time) from sample, covered where sample.xid <= covered.xid),
           (select min(time) from sample)) as time,
         (select server.xid > coalesce(covered.xid, -1) from server, covered) as behind
), line(number, text) as (
  select 1, format('hybridops_postgresql_up{%s} 1', :'labels')
  union all
  select 2, format('hybridops_postgresql_in_recovery{%s} %s', :'labels', standby::int) from server
  union all
  select 3, format('hybridops_postgresql_archive_lag_bytes{%s} %s', :'labels',
                   greatest(server.position - archived.position, 0)) from server, archived where not standby
  union all
  select 4, format('hybridops_postgresql_archive_lag_seconds{%s} %s', :'labels',
                   case when behind then greatest(now - time, 0) else 0 end) from server, since where not standby
  union all
  select 5, format('hybridops_postgresql_archive_failing{%s} %s', :'labels',
                   (coalesce(last_failed_time > last_archived_time, last_failed_time is not null))::int)
  from pg_stat_archiver
  union all
  select 6, format('hybridops_postgresql_archive_backlog_segments{%s} %s', :'labels', count(*))
  from pg_ls_archive_statusdir() where name like '%.ready'
  union all
  select 7, format('= %s %s %s', time, position, xid) from sample where time >= (select time from since)
)
select text from line order by number, text;
