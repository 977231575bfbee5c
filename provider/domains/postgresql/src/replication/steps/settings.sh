# shellcheck shell=sh disable=SC2154,SC2119
# The settings of replication of a primary: standard input. Reloads where they changed, and makes the slots of the other
# members: $4 and what follows. $1 epoch, $2 whether a lease is kept ("lease"), $3 the role that standbys log in as.
[ "$2" = lease ] || hold "$1" "$member" ''
role=$3
shift 3
[ "$(one "SELECT count(*) FROM pg_roles WHERE rolname = '$role' AND rolreplication AND rolcanlogin")" = 1 ] ||
    die "there is no role '$role' with LOGIN and REPLICATION on $member, which standbys log in as: declare it in \`roles\`"
# What pg_rewind reads from the primary when an old one is turned back.
one "GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text),
       pg_read_binary_file(text, bigint, bigint, boolean) TO \"$role\"" >/dev/null
[ -d "$config/conf.d" ] || install -d -o postgres -g postgres -m 0755 "$config/conf.d"
before=$(cat "$ours" 2>/dev/null || true)
keep "$ours" 0640 postgres:postgres
[ "$before" = "$(cat "$ours")" ] || one 'SELECT pg_reload_conf()' >/dev/null
reserve=$(one 'SELECT NOT pg_is_in_recovery()')
for slot in "$@"; do
    one "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
           WHERE slot_name = '$slot' AND NOT active AND wal_status = 'lost'" >/dev/null
    one "SELECT pg_create_physical_replication_slot('$slot', $([ "$reserve" = t ] && echo true || echo false))
           WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '$slot')" >/dev/null
done
faults=$(one "SELECT string_agg(name || ': ' || error, '; ') FROM pg_file_settings WHERE error IS NOT NULL
                AND sourcefile = '$ours'")
[ -z "$faults" ] || die "the server of $member does not accept $ours: $faults"
