# Begins the reset of the database, in a unit of its own that outlives the connection.
# $1 distribution, $2 program, $3 directory of configuration, $4 directory of data, $5 snapshot, $6 directory of our notes,
# $7 hash of the plan, $8 unit of the server. A token, where one is given, comes by standard input.
set -eu
umask 077
unit="hybridops-$1-reset"
place="/run/hybridops/$1-reset"
token=$(cat)
# One that runs, or ended well, for this plan is the one that is wanted.
if [ "$(cat "$6/restore.reset" 2>/dev/null)" = "$7" ]; then
    case "$(systemctl show -p ActiveState --value "$unit")" in active|activating) exit 0 ;; esac
fi
systemctl stop "$unit" 2>/dev/null || true
systemctl reset-failed "$unit" 2>/dev/null || true
# An earlier attempt of ours may have ended without our seeing it: the next one starts from the snapshot again.
rm -f "$4/server/db/reset-flag"
rm -rf "$place"
mkdir -p "$place/config.yaml.d"
# What decides whom it joins, and the store, must not be in force: keys at the beginning of a line, quoted or not.
strip='/^["'\'']\{0,1\}server["'\'']\{0,1\}[[:space:]]*:/d;/^["'\'']\{0,1\}etcd-s3[a-z-]*["'\'']\{0,1\}[[:space:]]*:/d;/^["'\'']\{0,1\}cluster-init["'\'']\{0,1\}[[:space:]]*:/d'
[ -z "$token" ] || strip="$strip;/^[\"']\{0,1\}token\(-file\)\{0,1\}[\"']\{0,1\}[[:space:]]*:/d"
if [ -f "$3/config.yaml" ]; then sed -e "$strip" "$3/config.yaml" >"$place/config.yaml"; else : >"$place/config.yaml"; fi
for file in "$3"/config.yaml.d/*.yaml; do
    [ -f "$file" ] || continue
    sed -e "$strip" "$file" >"$place/config.yaml.d/${file##*/}"
done
{
    echo 'etcd-s3: false'
    [ -z "$token" ] || printf "token: '%s'\n" "$(printf %s "$token" | sed "s/'/''/g")"
} >"$place/config.yaml.d/99-reset.yaml"
printf '%s\n' "$7" >"$6/restore.reset"
# What it says decides whether it was done, so it goes into a file of ours: a journal may be full, limited or kept elsewhere.
mkdir -p "$6/restore"
: >"$6/restore/reset.log"
sync
exec systemd-run --quiet --unit="$unit" --description="Reset of etcd to a snapshot" \
    -p RemainAfterExit=yes -p Delegate=yes -p KillMode=control-group -p TimeoutStopSec=20 -p LimitNOFILE=1048576 \
    -p StandardOutput="file:$6/restore/reset.log" -p StandardError=inherit \
    -p EnvironmentFile="-/etc/default/$8" -p EnvironmentFile="-/etc/sysconfig/$8" \
    -p EnvironmentFile="-/usr/local/lib/systemd/system/$8.env" -p EnvironmentFile="-/etc/systemd/system/$8.service.env" \
    "$2" server --config "$place/config.yaml" --cluster-reset --cluster-reset-restore-path="$5"
