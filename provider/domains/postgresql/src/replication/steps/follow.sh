# shellcheck shell=sh disable=SC2154,SC2119
# Makes a member follow a primary, and starts it: $1 epoch, $2 who holds it; standard input is the settings. Its data
# must be on the primary's history already.
hold "$1" "$2" ''
raise_fence "$member follows another primary"
[ -d "$config/conf.d" ] || install -d -o postgres -g postgres -m 0755 "$config/conf.d"
before=$(cat "$ours" 2>/dev/null || true)
keep "$ours" 0640 postgres:postgres
# What a backup or pg_rewind brought along outranks every file.
if [ -f "$data/postgresql.auto.conf" ]; then
    sed -i -E '/^[[:space:]]*(primary_conninfo|primary_slot_name|restore_command|recovery_target[a-z_]*|port|synchronous_standby_names)[[:space:]]*=/d' "$data/postgresql.auto.conf"
fi
rm -rf "$state/handover"
rm -f "$data/recovery.signal" "$data.hybridops-rejoin"
if is_alive; then
    if [ "$(one 'SELECT pg_is_in_recovery()')" = t ]; then
        [ "$before" = "$(cat "$ours")" ] || one 'SELECT pg_reload_conf()' >/dev/null
        start_lease
        exit 0
    fi
    die "$member runs as a primary and must not be made a standby without being stopped"
fi
runuser -u postgres -- touch "$data/standby.signal"
start_server
start_lease
