# Keeps a server from starting by itself, whatever happens to its machine. $1 unit, $2 directory of our notes.
set -eu
mkdir -p "/etc/systemd/system/$1.service.d" "$2"
printf '[Unit]\nConditionPathExists=!%s/restore.frozen\n' "$2" >"/etc/systemd/system/$1.service.d/95-hybridops-restore.conf"
: >"$2/restore.frozen"
sync
systemctl daemon-reload
