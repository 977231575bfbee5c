# shellcheck shell=sh disable=SC2154,SC2119
# Begins a full backup, where backups are made: what is older does not reach over the new timeline's first segment.
if has_systemd && systemctl cat "hybridops-backup@$version-$cluster.service" >/dev/null 2>&1; then
    systemctl start --no-block "hybridops-backup@$version-$cluster.service"
fi
