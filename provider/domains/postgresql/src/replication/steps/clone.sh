# shellcheck shell=sh disable=SC2154,SC2119
# Makes the data of a standby: $1 to $3 host, port and user of the primary, $4 slot there, $5 name of a backup to begin
# with, or nothing. The copy is made beside and moved when it is whole; what is in the way is renamed, never removed.
# Standard input is the settings that make it follow.
settings=$(cat)
new=$data.hybridops-clone
if is_alive; then die "$member runs: its data are not replaced"; fi
raise_fence "$member is being cloned"
rm -rf "$new"
install -d -o postgres -g postgres -m 0700 "$new"
target="host=$1 port=$2 user=$3 connect_timeout=10 passfile=$state/replication.pass"
# The slot comes first: from here on the primary keeps what the copy will need.
slot=$(runuser -u postgres -- psql -X -A -t -q -d "$target dbname=postgres replication=true" \
    -c "CREATE_REPLICATION_SLOT $4 PHYSICAL RESERVE_WAL" 2>&1) || case $slot in
*'already exists'*) ;;
*) die "$member cannot make its slot on the primary: $slot" ;;
esac
copied=''
env_file=/etc/hybridops/postgresql/$version-$cluster/wal-g.json
if [ -n "$5" ] && [ -x /usr/local/lib/hybridops/wal-g ] && [ -r "$env_file" ]; then
    if runuser -u postgres -- env PGDATA="$new" /usr/local/lib/hybridops/wal-g --config "$env_file" backup-fetch "$new" "$5" >&2; then
        copied=archive
    else
        echo "hybridops: the backup $5 cannot be fetched; copying from the primary" >&2
        rm -rf "$new"
        install -d -o postgres -g postgres -m 0700 "$new"
    fi
fi
if [ -z "$copied" ]; then
    runuser -u postgres -- "$bin/pg_basebackup" -D "$new" -X stream -c fast -S "$4" \
        -d "$target" >&2
    copied=basebackup
fi
if [ ! -f "$new/PG_VERSION" ] || [ ! -f "$new/global/pg_control" ]; then die "the copy of $member is not whole"; fi
# From its first start on it follows; whose settings came along is not asked.
runuser -u postgres -- touch "$new/standby.signal"
rm -f "$new/recovery.signal"
printf '%s\n' "$settings" | keep "$new/postgresql.auto.conf" 0600 postgres:postgres
if [ -e "$data" ]; then
    if [ -z "$(ls -A "$data")" ]; then rmdir "$data"; else mv "$data" "$data.hybridops-$(date -u +%Y%m%dT%H%M%SZ)"; fi
fi
mv "$new" "$data"
printf 'copied=%s\n' "$copied"
