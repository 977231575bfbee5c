# Takes away what a restore kept aside. $1 directory of data, $2 directory of our notes, $3 directory of configuration,
# $4 unit.
set -eu
rm -rf "$1/server/db-hybridops-aside" "$2/restore"
rm -f "$2/restore.frozen" "$2/restore.reset" "$3/config.yaml.d/95-hybridops-restore.yaml" \
    "/etc/systemd/system/$4.service.d/95-hybridops-restore.conf"
rmdir "/etc/systemd/system/$4.service.d" 2>/dev/null || true
systemctl daemon-reload
