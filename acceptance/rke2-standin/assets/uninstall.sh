#!/bin/sh
# Takes rke2 off this machine, data and all. Part of rke2-standin, for tests.
set -e
[ "$(id -u)" -eq 0 ] || {
	echo "this script must be run as root" >&2
	exit 1
}
bin=$(dirname "$0")
prefix=$(dirname "$bin")
"$bin/rke2-killall.sh"
for unit in rke2-server rke2-agent; do
	systemctl disable "$unit.service" 2>/dev/null || true
	systemctl reset-failed "$unit.service" 2>/dev/null || true
	rm -f "$prefix/lib/systemd/system/$unit.service" "$prefix/lib/systemd/system/$unit.env"
	rm -f "/etc/systemd/system/$unit.service" "/etc/systemd/system/$unit.env"
done
systemctl daemon-reload
rm -rf "$prefix/share/rke2"
rm -rf /etc/rancher/rke2 /etc/rancher/node /etc/cni /opt/cni/bin /var/lib/kubelet /var/lib/cni
rm -rf "${RKE2_DATA_DIR:-/var/lib/rancher/rke2}"
rmdir /etc/rancher /var/lib/rancher 2>/dev/null || true
rm -f "$bin/rke2" "$bin/rke2-killall.sh" "$bin/rke2-uninstall.sh"
