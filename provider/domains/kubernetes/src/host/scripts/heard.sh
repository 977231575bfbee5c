#!/bin/sh
# Tells who was heard since `listen`: a port and the name of a sender, and stops listening. $1 how many are expected: they
# are waited for, for a moment.
set -u
cd /run/hybridops-probe 2>/dev/null || exit 0
heard() {
    for port in *; do
        [ -f "$port" ] && sort -u "$port" | sed "s/^/$port /"
    done
}
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(heard | wc -l)" -ge "$1" ] && break
    sleep 0.3
done
heard
systemctl stop 'hybridops-probe-*' >/dev/null 2>&1
cd /
rm -rf /run/hybridops-probe
exit 0
