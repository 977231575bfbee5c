#!/bin/sh
# Puts a release in place. $1 the program, $2 the version, $3 its SHA-256, $4 our directory, $5 the data.
set -eu
umask 022
cd /
[ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$3" ] || { echo "$1 is not what it should be" >&2; exit 1; }
bin=/usr/local/bin
units=/etc/systemd/system
mkdir -p "$bin" "$units"

unit() {
    cat >"$units/$1.service.new" <<UNIT
[Unit]
Description=Lightweight Kubernetes ($2)
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=$3
EnvironmentFile=-/etc/default/$1
EnvironmentFile=-/etc/sysconfig/$1
KillMode=process
Delegate=yes
User=root
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=$bin/k3s $2
UNIT
    mv -f -- "$units/$1.service.new" "$units/$1.service"
}
unit k3s server notify
unit k3s-agent agent notify

# What ends the containers that outlive the service.
cat >"$bin/.k3s-killall.sh.new" <<'KILLALL'
#!/bin/sh
# Written by Terraform (hybridops). Ends K3s and all its containers; the data stay.
for unit in k3s k3s-agent; do
    systemctl stop "$unit" 2>/dev/null
done
pids=$(ps -eo pid=,args= | awk -v data=DATA '$0 ~ data"/data/[^ ]*/bin/containerd-shim" && $1 != PROCINFO["pid"] { print $1 }')
tree() {
    for child in $(ps -o pid= --ppid "$1" 2>/dev/null); do tree "$child"; done
    echo "$1"
}
for pid in $pids; do tree "$pid"; done | xargs -r kill -9 2>/dev/null
for below in /run/k3s /var/lib/kubelet/pods /var/lib/kubelet/plugins /run/netns/cni-; do
    awk -v below="$below" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r -n 1 umount -f 2>/dev/null
done
for link in cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
    ip link delete "$link" 2>/dev/null
done
rm -rf /var/lib/cni/
if command -v iptables-save >/dev/null 2>&1; then
    iptables-save 2>/dev/null | grep -v KUBE- | grep -v CNI- | grep -iv flannel | iptables-restore 2>/dev/null
fi
exit 0
KILLALL
sed -i "s|data=DATA|data=$5|" "$bin/.k3s-killall.sh.new"
cat >"$bin/.k3s-uninstall.sh.new" <<'UNINSTALL'
#!/bin/sh
# Written by Terraform (hybridops). Removes K3s and its data.
/usr/local/bin/k3s-killall.sh
for unit in k3s k3s-agent; do
    systemctl disable "$unit" 2>/dev/null
    rm -f "/etc/systemd/system/$unit.service" "/etc/default/$unit"
    rm -rf "/etc/systemd/system/$unit.service.d"
done
systemctl daemon-reload
systemctl reset-failed 2>/dev/null
rm -rf /etc/rancher/k3s /etc/rancher/node /run/k3s /run/flannel DATA /var/lib/kubelet /etc/cni /opt/cni/bin
for name in kubectl crictl ctr; do [ "$(readlink "/usr/local/bin/$name")" = k3s ] && rm -f "/usr/local/bin/$name"; done
rm -f /usr/local/bin/k3s /usr/local/bin/k3s-killall.sh /usr/local/bin/k3s-uninstall.sh
exit 0
UNINSTALL
sed -i "s|DATA|$5|" "$bin/.k3s-uninstall.sh.new"
for name in k3s-killall.sh k3s-uninstall.sh; do
    chmod 755 "$bin/.$name.new"
    mv -f -- "$bin/.$name.new" "$bin/$name"
done
cp -f -- "$1" "$bin/.k3s.new"
chmod 755 "$bin/.k3s.new"
sync
mv -f -- "$bin/.k3s.new" "$bin/k3s"
for name in kubectl crictl ctr; do [ -e "$bin/$name" ] || ln -s k3s "$bin/$name"; done
printf '%s %s\n' "$2" "$3" >"$4/installed.new"
mv -f -- "$4/installed.new" "$4/installed"
systemctl daemon-reload
