#!/bin/sh
# Starts or restarts a service and does not wait for it. $1 unit, $2 start, restart or stop.
set -eu
now=$(date +%s)
if [ "$2" != stop ]; then systemctl enable "$1" >/dev/null 2>&1; fi
# What a preflight that was cut off still listens on is ours to take.
systemctl stop 'hybridops-probe-*' >/dev/null 2>&1 || true
# A drop-in that was written is in force from here on.
if [ "$(systemctl show "$1" -p NeedDaemonReload --value)" = yes ]; then systemctl daemon-reload; fi
systemctl reset-failed "$1" 2>/dev/null || true
printf '%s %s\n' "$now" "$(systemctl show "$1" -p NRestarts --value)"
systemctl --no-block "$2" "$1"
