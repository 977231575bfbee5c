#!/bin/sh
# Ends everything rke2 left running on this machine and keeps its data. Part of rke2-standin, for tests.
[ "$(id -u)" -eq 0 ] || {
	echo "this script must be run as root" >&2
	exit 1
}
bin=$(dirname "$0")
for unit in rke2-server rke2-agent; do
	if [ -e "/usr/local/lib/systemd/system/$unit.service" ] || [ -e "/etc/systemd/system/$unit.service" ]; then
		systemctl stop "$unit.service"
	fi
done
"$bin/rke2" standin-killall
rm -f "${RKE2_DATA_DIR:-/var/lib/rancher/rke2}"/agent/pod-manifests/*.yaml
exit 0
