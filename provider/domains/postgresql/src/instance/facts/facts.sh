#!/bin/sh
# Tells everything about one cluster and its machine, in sections: a line "@name", then its lines, each behind a space.
# Changes nothing. $1 major version, $2 cluster, $3 data directory, $4 port, $5 and $6 numbers of the user and group.
set -u
LC_ALL=C
export LC_ALL
cd /
version=$1
cluster=$2
data=$3
port=$4
uid=$5
gid=$6
bin=/usr/lib/postgresql/$version/bin
config=/etc/postgresql/$version/$cluster

# Prints standard input as a section.
section() {
    printf '@%s\n' "$1"
    sed 's/^/ /'
    echo
}

# Prints a file as a section, where it is.
file() {
    [ -f "$2" ] || return 0
    section "$1" <"$2"
}

# Runs statements as the superuser. Sets nothing in the session: its own values would be told as the server's.
sql() {
    timeout 20 runuser -u postgres -- env PGCONNECT_TIMEOUT=5 PGOPTIONS= \
        psql -X -A -t -q -h /var/run/postgresql -p "$port" -d postgres -v ON_ERROR_STOP=1 -f -
}

os() {
    cat /etc/os-release
    printf 'GLIBC=%s\n' "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
    printf 'ARCHITECTURE=%s\n' "$(dpkg --print-architecture 2>/dev/null)"
    [ -d /run/systemd/system ] && echo SYSTEMD=1
    date +NOW=%s
    printf 'HOST=%s\n' "$(hostname)"
}

# What the machine has, and what its control group allows.
limits() {
    sed -n 's/^MemTotal: *\([0-9]*\) kB$/total_kib \1/p' /proc/meminfo
    printf 'processors %s\n' "$(nproc)"
    for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
        [ -r "$limit" ] && printf 'limit_bytes %s\n' "$(cat "$limit")"
    done
    [ -r /sys/fs/cgroup/cpu.max ] && printf 'cpu_max %s\n' "$(cat /sys/fs/cgroup/cpu.max)"
    if [ -r /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]; then
        printf 'cpu_max %s %s\n' "$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us)" "$(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us)"
    fi
}

packages() {
    # shellcheck disable=SC2016
    dpkg-query -W -f 'package ${Package} ${db:Status-Abbrev} ${Version}\n' \
        "postgresql-$version" "postgresql-client-$version" postgresql-common libpq5
    apt-mark showhold | sed 's/^/held /'
    apt-cache policy "postgresql-$version" |
        sed -n "s/^  Candidate: \\([^(].*\\)/candidate postgresql-$version \\1/p"
}

account() {
    getent passwd postgres | cut -d: -f3 | sed 's/^/user /'
    getent group postgres | cut -d: -f3 | sed 's/^/group /'
    getent passwd "$uid" | cut -d: -f1 | sed 's/^/has_user /'
    getent group "$gid" | cut -d: -f1 | sed 's/^/has_group /'
}

data() {
    [ -d "$config" ] && [ -f "$config/postgresql.conf" ] && echo configured
    if [ ! -d "$data" ]; then
        [ -e "$data" ] && echo no_directory
        return 0
    fi
    stat -L -c 'stat %u %g %a' "$data"
    mountpoint -q "$data" && echo mounted
    [ -f "$data/PG_VERSION" ] && sed 's/^/version /;q' "$data/PG_VERSION"
    find "$data" -mindepth 1 -maxdepth 1 | head -n 5 | sed 's:.*/:entry :'
    for name in standby.signal recovery.signal postmaster.pid backup_label tablespace_map; do
        [ -e "$data/$name" ] && echo "signal $name"
    done
    pid=$(sed -n 1p "$data/postmaster.pid" 2>/dev/null)
    case $pid in
    '' | *[!0-9]*) ;;
    *)
        if grep -qs postgres "/proc/$pid/comm" && ! grep -qs '^State:.*Z' "/proc/$pid/status"; then
            echo postmaster_alive
        fi
        ;;
    esac
}

server() {
    sql <<'SQL'
SELECT current_setting('server_version_num')::int >= 150000 AS v15 \gset
\if :v15
SELECT $$pg_database_collation_actual_version(d.oid)$$ AS actual \gset
\else
SELECT 'NULL::text' AS actual \gset
\endif
SELECT json_build_object(
  'version_number', current_setting('server_version_num')::int,
  'version', current_setting('server_version'),
  'in_recovery', pg_is_in_recovery(),
  'timeline', CASE WHEN pg_is_in_recovery()
    THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
  'system_identifier', (SELECT system_identifier::text FROM pg_control_system()),
  'data_directory', current_setting('data_directory'),
  'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
  'settings', (SELECT json_object_agg(name, json_build_object(
    'setting', CASE WHEN name IN ('primary_conninfo', 'ssl_passphrase_command')
      THEN regexp_replace(setting, $$password\s*=\s*('[^']*'|\S+)$$, 'password=(hidden)', 'g') ELSE setting END,
    'unit', unit, 'context', context, 'vartype', vartype, 'source', source, 'sourcefile', sourcefile,
    'min_val', min_val, 'max_val', max_val, 'enumvals', enumvals, 'pending_restart', pending_restart)) FROM pg_settings),
  'file_faults', (SELECT coalesce(json_agg(json_build_object('sourcefile', coalesce(sourcefile, ''),
    'sourceline', coalesce(sourceline, 0), 'name', name, 'error', error)), '[]')
    FROM pg_file_settings WHERE error IS NOT NULL),
  'access_faults', (SELECT coalesce(json_agg(json_build_object('line_number', line_number, 'error', error)), '[]')
    FROM pg_hba_file_rules WHERE error IS NOT NULL),
  'roles', (SELECT coalesce(json_object_agg(rolname, json_build_object('login', rolcanlogin, 'superuser', rolsuper,
    'create_database', rolcreatedb, 'create_role', rolcreaterole, 'replication', rolreplication, 'inherit', rolinherit,
    'bypass_rls', rolbypassrls, 'connection_limit', rolconnlimit, 'has_password', rolpassword IS NOT NULL,
    'member_of', ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_authid g ON g.oid = m.roleid
      WHERE m.member = a.oid ORDER BY 1))), '{}') FROM pg_authid a WHERE rolname !~ '^pg_'),
  'databases', (SELECT json_object_agg(datname, json_build_object('owner', pg_get_userbyid(datdba),
    'encoding', pg_encoding_to_char(encoding), 'locale', datcollate, 'connection_limit', datconnlimit,
    'collation_version', to_json(d) ->> 'datcollversion', 'collation_actual', :actual,
    'template', datistemplate)) FROM pg_database d),
  'archiver', (SELECT json_build_object('archived_count', archived_count, 'last_archived_wal', last_archived_wal,
    'last_archived_at', extract(epoch FROM last_archived_time)::bigint, 'failed_count', failed_count,
    'last_failed_wal', last_failed_wal, 'last_failed_at', extract(epoch FROM last_failed_time)::bigint,
    'ready', (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')) FROM pg_stat_archiver),
  'slots', (SELECT coalesce(json_object_agg(slot_name, json_build_object('slot_type', slot_type, 'active', active,
    'restart_lsn', restart_lsn, 'wal_status', wal_status, 'lag_bytes', CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint END)), '{}') FROM pg_replication_slots),
  'streams', (SELECT coalesce(json_agg(json_build_object('application_name', application_name, 'client_addr', client_addr,
    'state', state, 'sync_state', sync_state, 'replay_lsn', replay_lsn, 'lag_bytes', CASE WHEN pg_is_in_recovery()
    THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint END)), '[]') FROM pg_stat_replication),
  'receiver', (SELECT json_build_object('status', status, 'sender_host', sender_host, 'sender_port', sender_port,
    'slot_name', slot_name, 'flushed_lsn', flushed_lsn) FROM pg_stat_wal_receiver)
);
SQL
}

os 2>/dev/null | section os
limits 2>/dev/null | section limits
packages 2>/dev/null | section packages
account 2>/dev/null | section account
if command -v pg_lsclusters >/dev/null 2>&1; then
    pg_lsclusters -h 2>/dev/null | section clusters
fi
data 2>/dev/null | section data
file marker "$data.hybridops.json"
if [ -x "$bin/pg_controldata" ] && [ -f "$data/global/pg_control" ]; then
    # Without what nobody asks for, the nonce of authentication above all.
    "$bin/pg_controldata" -D "$data" 2>/dev/null | grep -v -e nonce -e '^Date/time' | section control
fi
file file.settings "$config/conf.d/50-hybridops.conf"
if [ -f "$config/pg_hba.conf" ]; then
    grep -v -e '^[[:space:]]*#' -e '^[[:space:]]*$' "$config/pg_hba.conf" | section file.access
fi
file file.tls_authority "$config/hybridops-ca.crt"
file file.tls_certificate "$config/hybridops-server.crt"
file file.tls_clients "$config/hybridops-clients.crt"
file file.tls_loaded "$config/hybridops-server.loaded"
if [ -f "$config/hybridops-server.crt" ] && command -v openssl >/dev/null 2>&1; then
    openssl x509 -in "$config/hybridops-server.crt" -noout -enddate -fingerprint -sha256 -ext subjectAltName 2>/dev/null |
        section tls
fi
# A server that has yet to be restarted for its port listens where it did.
live=$(sed -n 4p "$data/postmaster.pid" 2>/dev/null)
case $live in
'' | *[!0-9]*) ;;
*) port=$live ;;
esac
if [ -S "/var/run/postgresql/.s.PGSQL.$port" ]; then
    answer=$(server 2>&1)
    printf '%s\n' "$answer" | section server
fi

# Ends the answer, so that a torn one is known.
finish() {
    echo @end
}
