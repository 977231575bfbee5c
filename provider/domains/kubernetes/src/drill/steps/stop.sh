# Ends a drill. $1 distribution.
set -u
name="hybridops-$1-drill"
systemctl stop "$name*.socket" "$name*.service" 2>/dev/null
rm -f "/run/systemd/system/$name"*
rm -rf "/run/hybridops/$1-drill"
systemctl daemon-reload
systemctl reset-failed "$name*" 2>/dev/null
for unit in $(systemctl list-units --all --plain --no-legend "$name*" | awk '{ print $1 }'); do
    systemctl is-active --quiet "$unit" && { echo "$unit does not stop" >&2; exit 1; }
done
exit 0
