#!/bin/sh
# Tells how a service does. $1 unit, $2 seconds since 1970 from which its log is told, $3 its data. Where the kubelet ended the
# end of its own log is told before: it says why. $4 its state and restarts as they are known: it is told when they change,
# and after $5 seconds at the latest.
set -u
left=$(($5 * 4))
while [ "$left" -gt 0 ]; do
    now=$(systemctl show "$1" -p ActiveState --value)
    [ "$now $(systemctl show "$1" -p NRestarts --value)" = "$4" ] || break
    left=$((left - 1))
    sleep 0.25
done
systemctl show "$1" -p LoadState,ActiveState,SubState,NRestarts,ExecMainStatus,UnitFileState,Result,InvocationID
echo '@log'
log=$(journalctl -u "$1" --since "@$2" -n 80 -o cat --no-pager 2>/dev/null)
case $log in *'Kubelet exited'*) tail -n 15 -- "$3/agent/logs/kubelet.log" 2>/dev/null ;; esac
printf '%s\n' "$log"
exit 0
