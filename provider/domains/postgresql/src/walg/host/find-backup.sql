-- The backup that a run made, out of WAL-G's list on standard input. The numbers of the list are exact here.
\set list `cat`
with entry as (
  select value as e,
         '0/0'::pg_lsn + (value->>'start_lsn')::numeric as start_lsn,
         '0/0'::pg_lsn + (value->>'finish_lsn')::numeric as finish_lsn
  from json_array_elements(:'list'::json)
  where value->'user_data'->'hybridops'->>'run' = :'run'
)
select e->>'backup_name',
       e->>'wal_file_name',
       substr(e->>'wal_file_name', 1, 8) || substr(pg_walfile_name(finish_lsn), 9),
       start_lsn,
       finish_lsn,
       coalesce(e->>'compressed_size', '0'),
       coalesce(e->>'uncompressed_size', '0'),
       e->>'finish_time',
       e->>'system_identifier'
from entry
order by e->>'time' desc
limit 1;
