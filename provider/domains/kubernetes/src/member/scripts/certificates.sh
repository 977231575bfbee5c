#!/bin/sh
# Stops a server and has its certificates moved aside: the next start makes new ones. What runs as pods goes on. $1 unit,
# $2 program.
set -eu
systemctl stop --no-block "$1"
left=120
while :; do
    case $(systemctl show "$1" -p ActiveState --value) in inactive | failed | '') break ;; esac
    if [ "$left" -le 0 ]; then
        echo "$1 does not stop" >&2
        exit 1
    fi
    left=$((left - 1))
    sleep 1
done
"$2" certificate rotate >&2
