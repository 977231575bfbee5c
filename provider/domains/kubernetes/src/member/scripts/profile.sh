#!/bin/sh
# Prepares a host for a hardened profile, and proves it. $1 the profile, $2 `accepted` where the kernel's settings may not
# be had.
set -eu
getent group etcd >/dev/null || groupadd --system etcd
getent passwd etcd >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin --gid etcd etcd
file=/etc/sysctl.d/60-hybridops-$1.conf
cat >"$file.new" <<'VALUES'
# Written by Terraform (hybridops).
vm.panic_on_oom=0
vm.overcommit_memory=1
kernel.panic=10
kernel.panic_on_oops=1
VALUES
mv -f -- "$file.new" "$file"
# What is as it should be need not be written, which not every machine may.
wrong=
while IFS='=' read -r key value; do
    case $key in '#'*) continue ;; esac
    place=/proc/sys/$(echo "$key" | tr . /)
    [ "$(cat "$place")" = "$value" ] && continue
    { echo "$value" >"$place"; } 2>/dev/null || true
    [ "$(cat "$place")" = "$value" ] || wrong="$wrong $key=$(cat "$place"), not $value;"
done <"$file"
if [ -n "$wrong" ] && [ "$2" != accepted ]; then
    echo "the kernel does not take the values that the profile demands (finding: sysctl):$wrong" >&2
    exit 1
fi
