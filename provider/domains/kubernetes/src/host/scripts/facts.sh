#!/bin/sh
# Tells everything about a machine as a node, in sections: a line "@name", then its lines, each behind a space. Changes
# nothing. $2 its configuration, $3 its data, $4 our journal, $5 and $6 its units for servers
# and agents, $7 its program. $8 empty: only what others of its cluster ask.
set -u
LC_ALL=C
export LC_ALL
cd /
config=$2 data=$3 journal=$4 server=$5 agent=$6 binary=$7 all=$8

section() {
    printf '@%s\n' "$1"
    sed 's/^/ /'
    echo
}

# A file without what is secret in it.
redacted() {
    sed -E 's/^([[:space:]]*"?(agent-|vpn-)?(token|auth|etcd-s3-(access|secret)-key|etcd-s3-session-token)"?[[:space:]]*\+?:).*/\1 "(secret)"/' "$1"
}

os() {
    cat /etc/os-release
    case $(uname -m) in
        x86_64) echo ARCHITECTURE=amd64 ;;
        aarch64) echo ARCHITECTURE=arm64 ;;
        *) echo "ARCHITECTURE=$(uname -m)" ;;
    esac
    [ -d /run/systemd/system ] && echo SYSTEMD=1
    date +NOW=%s.%N
    printf 'HOST=%s\n' "$(uname -n)"
    printf 'MACHINE=%s\n' "$(cat /etc/machine-id 2>/dev/null)"
    printf 'PRODUCT=%s\n' "$(cat /sys/class/dmi/id/product_uuid 2>/dev/null)"
    printf 'CGROUP=%s\n' "$(stat -fc %T /sys/fs/cgroup 2>/dev/null)"
    printf 'SELINUX=%s\n' "$(getenforce 2>/dev/null)"
}

limits() {
    sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory_kib \1/p' /proc/meminfo
    printf 'processors %s\n' "$(nproc)"
    awk 'NR > 1 { print "swap", $1 }' /proc/swaps 2>/dev/null
    at=$data
    while [ ! -d "$at" ]; do at=$(dirname "$at"); done
    df -Pk "$at" | awk 'NR == 2 { print "free_kib", $4 }'
}

network() {
    hostname -I 2>/dev/null | tr ' ' '\n' | sed -n 's/^\(..*\)$/address \1/p'
    for link in /sys/class/net/*; do
        name=$(basename "$link")
        case $name in lo | veth* | cali* | flannel* | cni* | docker*) continue ;; esac
        printf 'mac %s %s\n' "$name" "$(cat "$link/address" 2>/dev/null)"
        printf 'mtu %s %s\n' "$name" "$(cat "$link/mtu" 2>/dev/null)"
    done
    if command -v ip >/dev/null 2>&1; then
        ip -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/source \1/p'
    fi
    # Local port and state 0A, listening.
    for table in /proc/net/tcp /proc/net/tcp6; do
        awk 'NR > 1 && $4 == "0A" { n = split($2, part, ":"); print "listens", part[n] }' "$table" 2>/dev/null
    done | sort -u
    # What a preflight listens on for a moment is not taken.
    systemctl list-units --plain --no-legend --no-pager 'hybridops-probe-tcp-*' 2>/dev/null |
        sed -n 's/^hybridops-probe-tcp-\([0-9]*\)\.service .*/probe \1/p'
}

kernel() {
    for module in br_netfilter overlay nf_conntrack; do
        if [ -d "/sys/module/$module" ]; then
            echo "module $module loaded"
        elif modprobe -n -q "$module" 2>/dev/null; then
            echo "module $module loadable"
        else
            echo "module $module missing"
        fi
    done
    [ -r /dev/kmsg ] && head -c 0 /dev/kmsg 2>/dev/null && echo kmsg
    for key in vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops; do
        place=/proc/sys/$(echo "$key" | tr . /)
        printf 'sysctl %s %s\n' "$key" "$(cat "$place" 2>/dev/null)"
        [ -w "$place" ] || echo "fixed $key"
    done
    for command in iptables nft; do command -v "$command" >/dev/null 2>&1 && echo "command $command"; done
    if command -v iptables >/dev/null 2>&1 && ! iptables -w 2 -n -L INPUT >/dev/null 2>&1; then echo 'refused iptables'; fi
    if command -v nft >/dev/null 2>&1 && ! nft list tables >/dev/null 2>&1; then echo 'refused nft'; fi
    for service in firewalld nm-cloud-setup docker NetworkManager; do
        systemctl is-active --quiet "$service" 2>/dev/null && echo "service $service"
    done
    grep -qs 'unmanaged-devices=.*cali' /etc/NetworkManager/conf.d/* && echo nm_ignores
    getent passwd etcd >/dev/null && getent group etcd >/dev/null && echo etcd_user
    for other in rke2-server rke2-agent k3s k3s-agent; do
        [ "$other" = "$server" ] || [ "$other" = "$agent" ] && continue
        systemctl cat "$other" >/dev/null 2>&1 && echo "foreign $other"
    done
    [ -d /etc/kubernetes/manifests ] && echo "foreign kubeadm"
}

unit() {
    systemctl show "$1" -p LoadState,ActiveState,SubState,NRestarts,ExecMainStatus,UnitFileState,Result,MainPID,InvocationID 2>/dev/null
    pid=$(systemctl show "$1" -p MainPID --value 2>/dev/null)
    [ "${pid:-0}" -gt 0 ] && printf 'Program=%s\n' "$(readlink "/proc/$pid/exe" 2>/dev/null)"
}

installed() {
    [ -x "$binary" ] || return 0
    timeout 20 "$binary" --version 2>/dev/null | head -n 1 | sed 's/^/version /'
    [ -f "$journal/installed" ] && sed 's/^/mark /' "$journal/installed"
    return 0
}

database() {
    [ -d "$data/server/db/etcd/member" ] && echo etcd
    [ -f "$data/server/db/state.db" ] && echo sqlite
    [ -f "$data/server/db/reset-flag" ] && echo reset_flag
    [ -f "$data/server/db/etcd/tombstone" ] && echo tombstone
    [ -f "$data/server/tls/server-ca.crt" ] && echo authority
    [ -f "$data/server/token" ] && sed -n 's/^K10\([0-9a-f]*\)::.*/hash \1/p' "$data/server/token"
    [ -d "$data/agent" ] && echo agent
    return 0
}

mounts() {
    awk -v data="$data" 'index($2, data) == 1 { print $2 }' /proc/mounts
}

certificates() {
    for path in server/tls/client-admin.crt server/tls/serving-kube-apiserver.crt server/tls/etcd/server-client.crt \
        agent/serving-kubelet.crt agent/client-kubelet.crt; do
        [ -f "$data/$path" ] || continue
        echo "path $path"
        awk '/-----BEGIN/ { n++ } n == 1' "$data/$path"
    done
}

sums() {
    for path in "$config/config.yaml.d/50-hybridops.yaml" "$config/registries.yaml" "/etc/default/$server" "/etc/default/$agent" \
        "/etc/systemd/system/$server.service.d/50-hybridops.conf" "/etc/systemd/system/$agent.service.d/50-hybridops.conf"; do
        [ -f "$path" ] && sha256sum "$path"
    done
    return 0
}

log() {
    for name in "$server" "$agent"; do
        systemctl is-active --quiet "$name" && continue
        [ "$(systemctl show "$name" -p LoadState --value 2>/dev/null)" = loaded ] || continue
        journalctl -u "$name" -n 60 -o cat --no-pager 2>/dev/null
    done
}

os | section os
network | section network
unit "$server" | section server
installed | section installed
database | section database
if [ "$all" ]; then
    limits | section limits
    kernel | section kernel
    unit "$agent" | section agent
    mounts | section mounts
    certificates | section certificates
    sums | section sums
    log | tail -n 60 | section log
fi
[ -f "$journal/journal.json" ] && section journal <"$journal/journal.json"
[ -f "$journal/lease" ] && section lease <"$journal/lease"
for file in "$config/config.yaml" "$config"/config.yaml.d/*.yaml; do
    [ -f "$file" ] && redacted "$file" | section "config $file"
done
printf '@end\n'
