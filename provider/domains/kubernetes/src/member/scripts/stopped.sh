#!/bin/sh
# Waits until a service has stopped, for two minutes at most, and keeps it from starting with the machine. $1 unit.
set -u
systemctl disable "$1" >/dev/null 2>&1
left=120
while :; do
    case $(systemctl show "$1" -p ActiveState --value) in inactive | failed | '') exit 0 ;; esac
    [ "$left" -gt 0 ] || break
    left=$((left - 1))
    sleep 1
done
echo "$1 does not stop" >&2
exit 1
