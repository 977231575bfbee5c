-- The segment the server writes to. pg_walfile_name names the one before where the position is the very end of it, as
-- it is after a switch on an idle server: that one is archived already.
SELECT substr(pg_walfile_name(at), 1, 8)
       || lpad(upper(to_hex(trunc(position / 4294967296)::bigint)), 8, '0')
       || lpad(upper(to_hex(trunc(mod(position, 4294967296) / segment)::bigint)), 8, '0')
FROM (SELECT at, at - '0/0'::pg_lsn AS position,
             (SELECT setting::numeric FROM pg_settings WHERE name = 'wal_segment_size') AS segment
      FROM (SELECT pg_current_wal_lsn() AS at OFFSET 0) AS now) AS here;
