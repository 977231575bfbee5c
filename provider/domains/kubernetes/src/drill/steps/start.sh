# Starts the restored cluster, and passes its ports. $1 distribution, then the ports.
set -eu
name="hybridops-$1-drill"
shift
systemctl stop "$name-reset.service"
systemctl start "$name.service"
for port in "$@"; do systemctl start "$name-$port.socket"; done
