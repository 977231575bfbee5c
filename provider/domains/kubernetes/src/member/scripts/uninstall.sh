#!/bin/sh
# Takes everything of a cluster off a machine, and proves it. $1 name of the distribution, $2 its configuration, $3 its
# data, $4 our directory, $5 the unit. Our journal goes last: what is killed before it begins anew.
set -u
cd /
systemctl stop "$5" 2>/dev/null
systemctl disable "$5" 2>/dev/null
for program in "/usr/local/bin/$1-uninstall.sh" "/opt/$1/bin/$1-uninstall.sh"; do
    [ -x "$program" ] || continue
    "$program" >&2
    break
done
# What upstream leaves, or left when it was cut off.
rm -rf -- "$2" /etc/rancher/node "$3" /etc/default/"$1"-server /etc/default/"$1"-agent /etc/default/k3s-agent
[ "$1" = k3s ] && rm -f /etc/default/k3s
for unit in "$1-server" "$1-agent" "$1"; do
    rm -rf "/etc/systemd/system/$unit.service.d"
    rm -f "/usr/local/lib/systemd/system/$unit.service" "/usr/local/lib/systemd/system/$unit.env" "/etc/systemd/system/$unit.service"
done
rm -f "/usr/local/bin/$1" "/usr/local/bin/$1-killall.sh" "/usr/local/bin/$1-uninstall.sh" /etc/sysctl.d/60-hybridops-*.conf
for link in vxlan.calico wireguard.cali wg-v6.cali cilium_host cilium_net cilium_vxlan; do
    [ -d "/sys/class/net/$link" ] && ip link delete "$link" 2>/dev/null
done
systemctl daemon-reload
systemctl reset-failed 2>/dev/null
left=
for path in "$2" "$3" "/usr/local/bin/$1"; do [ -e "$path" ] && left="$left $path"; done
if systemctl is-active --quiet "$5"; then left="$left $5.service"; fi
if [ -n "$left" ]; then
    echo "left behind:$left" >&2
    exit 1
fi
rm -rf -- "$4"
