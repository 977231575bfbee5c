# shellcheck shell=sh disable=SC2154,SC2119
# The fence and the lease of a member. $1 "lease" or "none", $2 what tells these files from others. Standard input: the three files, each behind a line
# "@name": fence-check, lease, lease.env.
etc=/etc/hybridops/postgresql/$version-$cluster
library=/usr/local/lib/hybridops
has_systemd || die "$member has no systemd, which the fence is built on"
[ -d "$etc" ] || install -d -m 0755 "$etc"
[ -d "$library" ] || install -d -m 0755 "$library"
[ -d "$state" ] || install -d -o postgres -g postgres -m 0751 "$state"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk -v dir="$work" '/^@[a-z.-]+$/ { file = dir "/" substr($0, 2); next } { print >file }'
changed=''
put() {
    cmp -s "$1" "$2" && return 0
    keep "$2" "$3" root:root <"$1"
    changed=1
}
put "$work/fence-check" "$library/hybridops-fence-check" 0755
printf 'DATA=%s\n' "$data" >"$work/fence.env"
put "$work/fence.env" "$etc/fence.env" 0644
cat >"$work/drop-in" <<UNIT
# Written by the provider hybridops.
[Service]
ExecStartPre=+$library/hybridops-fence-check $version-$cluster
UNIT
put "$work/drop-in" "/etc/systemd/system/$unit.service.d/hybridops-fence.conf" 0644
if [ "$1" = lease ]; then
    command -v curl >/dev/null 2>&1 || ! grep -q '^KIND=s3' "$work/lease.env" || die "$member has no curl, by which the lease is renewed"
    put "$work/lease" "$library/hybridops-lease" 0755
    put "$work/lease.env" "$etc/lease.env" 0644
    cat >"$work/service" <<UNIT
# Written by the provider hybridops.
[Unit]
Description=Lease of the epoch of PostgreSQL $version-$cluster
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=$library/hybridops-lease $version-$cluster run
Restart=always
RestartSec=2
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
UNIT
    put "$work/service" "/etc/systemd/system/hybridops-lease@$version-$cluster.service" 0644
    [ -z "$changed" ] || systemctl daemon-reload
    systemctl enable -q "hybridops-lease@$version-$cluster" 2>/dev/null
    if [ -n "$changed" ]; then systemctl restart "hybridops-lease@$version-$cluster"; else systemctl start "hybridops-lease@$version-$cluster"; fi
else
    if [ -e "$etc/lease.env" ]; then
        systemctl disable -q --now "hybridops-lease@$version-$cluster" 2>/dev/null || true
        rm -f "$etc/lease.env"
        changed=1
    fi
    [ -z "$changed" ] || systemctl daemon-reload
fi
printf '%s\n' "$2" | keep "$etc/guard" 0644 root:root
