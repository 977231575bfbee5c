# Stops a server and what it left running, and proves it. $1 unit, $2 killall script or nothing.
set -u
systemctl stop --no-block "$1"
left=90
while [ "$(systemctl is-active "$1")" != inactive ] && [ "$(systemctl is-active "$1")" != failed ]; do
    left=$((left - 1))
    if [ "$left" -le 0 ]; then
        systemctl kill -s KILL "$1" 2>/dev/null
        [ "$left" -le -10 ] && { echo "the unit $1 does not stop" >&2; exit 1; }
    fi
    sleep 1
done
systemctl reset-failed "$1" 2>/dev/null
if [ -n "$2" ]; then
    script=$(command -v "$2" || echo "/usr/local/bin/$2")
    if [ -x "$script" ]; then "$script" >/dev/null 2>&1; else echo "there is no $2, which stops what runs in pods" >&2; exit 1; fi
fi
# The database listens at 2379 and 2380: whatever still has them is another process than ours.
left=30
while awk '$4 == "0A" { split($2, a, ":"); if (a[2] == "094B" || a[2] == "094C") found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "etcd still runs: something listens at port 2379 or 2380" >&2; exit 1; }
    sleep 1
done
exit 0
