# shellcheck shell=sh disable=SC2154,SC2119
# Turns an old primary back to the point where the new one's history began: $1 to $3 host, port and user of the new
# primary, $4 why. It is stopped. Where it cannot be rewound it says so with code 3, and nothing was changed that the
# next step does not replace.
if is_alive; then die "$member still runs"; fi
raise_fence "$4"
printf '%s\n' "$4" | keep "$data.hybridops-rejoin" 0644 root:root
rm -f "$data/postmaster.pid"
target="host=$1 port=$2 user=$3 dbname=postgres connect_timeout=10 passfile=$state/replication.pass"
# pg_rewind looks for the configuration in the data; ours is in /etc. It needs restore_command from there.
if ! runuser -u postgres -- "$bin/pg_rewind" -D "$data" --source-server="$target" \
    --config-file="$config/postgresql.conf" --restore-target-wal --no-sync </dev/null 2>"/tmp/hybridops-rewind.$$"; then
    # Without an archive there is no restore_command to use.
    if ! runuser -u postgres -- "$bin/pg_rewind" -D "$data" --source-server="$target" \
        --config-file="$config/postgresql.conf" </dev/null 2>"/tmp/hybridops-rewind.$$"; then
        tail -n 5 "/tmp/hybridops-rewind.$$" >&2
        rm -f "/tmp/hybridops-rewind.$$"
        exit 3
    fi
fi
rm -f "/tmp/hybridops-rewind.$$"
sync
