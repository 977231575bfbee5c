# Fetches a base backup into a new directory: $1 name of the restore, $2 the backup, $3 bytes it will have, $4 the segment its
# recovery begins with. What a former run left incomplete is fetched again; what one left that has recovered is kept, and nothing is fetched.
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
backup=$2
phase=$HYBRIDOPS_STATE/phase
cd /
if [ -e "$PGDATA" ] && [ -n "$(ls -A "$PGDATA")" ]; then
    # The phase is written before the first file is: a directory without one is somebody else's.
    case "$(cat "$phase" 2>/dev/null)" in
    "fetching $PGDATA") find "$PGDATA" -mindepth 1 -delete ;;
    "fetched $PGDATA $backup") exit 0 ;;
    "recovered $PGDATA $backup "*) exit 0 ;;
    *)
        echo "$PGDATA is not empty, and no restore of ours left it: $(find "$PGDATA" -mindepth 1 -maxdepth 1 | head -n 5 | sed 's:.*/::' | tr '\n' ' ')" >&2
        exit 73
        ;;
    esac
fi
mkdir -p "$(dirname "$PGDATA")"
free=$(df --output=avail -B 1 "$(dirname "$PGDATA")" | tail -n 1 | tr -d ' ')
# WAL comes on top of it.
if [ "$free" -lt $(($3 + $3 / 10 + 4 * HYBRIDOPS_WAL_SEGMENT)) ]; then
    echo "$(dirname "$PGDATA") has $free bytes left, and $backup takes $3 and WAL" >&2
    exit 69
fi
# WAL-G goes on for minutes to fetch a backup that it cannot decrypt: one segment tells whether there is a way to read it.
probe=$HYBRIDOPS_STATE/probe.$4
if ! said=$(runuser -u postgres -- "$here/hybridops-wal-restore" "$1" "$4" "$probe" 2>&1); then
    echo "$4, with which $backup begins: $(last_line "$said")" >&2
    exit 66
fi
rm -f "$probe"
say() {
    printf '%s\n' "$1" >"$phase.new"
    sync "$phase.new" 2>/dev/null || sync
    mv -f "$phase.new" "$phase"
}
say "fetching $PGDATA"
install -d -m 0700 -o postgres -g postgres "$PGDATA"
code=0
said=$(runuser -u postgres -- timeout -k 10 "$HYBRIDOPS_BACKUP_LIMIT" "$HYBRIDOPS_WAL_G" --config "$WALG_CONFIG_PATH" backup-fetch "$PGDATA" "$backup" 2>&1) || code=$?
if [ "$code" != 0 ]; then
    for older in "$config_dir"/keys/*.json; do
        [ -e "$older" ] || continue
        find "$PGDATA" -mindepth 1 -delete
        code=0
        said=$(runuser -u postgres -- timeout -k 10 "$HYBRIDOPS_BACKUP_LIMIT" "$HYBRIDOPS_WAL_G" --config "$older" backup-fetch "$PGDATA" "$backup" 2>&1) || code=$?
        [ "$code" != 0 ] || break
    done
fi
if [ "$code" != 0 ]; then
    printf '%s\n' "$said" | tail -n 3 >&2
    exit 1
fi
found=$(system_of "$PGDATA")
if [ "$found" != "$HYBRIDOPS_SYSTEM_ID" ]; then
    echo "$backup is of the system $found, and $HYBRIDOPS_SYSTEM_ID was chosen" >&2
    exit 65
fi
if [ -n "$(ls -A "$PGDATA/pg_tblspc" 2>/dev/null)" ] && [ "${HYBRIDOPS_TABLESPACES:-refuse}" = refuse ]; then
    echo "$backup has tablespaces, whose directories would be those of the source: $(find "$PGDATA/pg_tblspc" -type l -exec readlink {} + | tr '\n' ' ')" >&2
    exit 78
fi
# Settings of the source that were made by hand would outrank ours; they stay to be read.
[ ! -e "$PGDATA/postgresql.auto.conf" ] || mv -f "$PGDATA/postgresql.auto.conf" "$PGDATA/postgresql.auto.conf.restored"
: >"$PGDATA/postgresql.auto.conf"
rm -f "$PGDATA/recovery.signal"
: >"$PGDATA/standby.signal"
mkdir -p "$PGDATA/pg_wal/archive_status"
chown -R postgres:postgres "$PGDATA/postgresql.auto.conf" "$PGDATA/standby.signal" "$PGDATA/pg_wal"
chmod 0700 "$PGDATA" "$PGDATA/pg_wal" "$PGDATA/pg_wal/archive_status"
chmod 0600 "$PGDATA/postgresql.auto.conf" "$PGDATA/standby.signal"
sync
say "fetched $PGDATA $backup"
