#!/bin/sh
# Listens for a moment on ports that nobody listens on, so that others can prove that they reach this machine. $1 how many
# seconds at most, then pairs of `tcp` or `udp` and a port. Ends by itself, whatever happens to whoever asked for it. Tells
# each pair on which it listens.
set -u
command -v systemd-socket-activate >/dev/null 2>&1 && command -v systemd-run >/dev/null 2>&1 || exit 0
systemctl stop 'hybridops-probe-*' >/dev/null 2>&1
place=/run/hybridops-probe
seconds=$1
shift
rm -rf -- "$place"
mkdir -p -- "$place"

# Whether somebody has a port: $1 protocol, $2 port.
held() {
    port=$(printf '%04X' "$2")
    awk -v port="$port" -v tcp="$1" '
        FNR > 1 { n = split($2, part, ":"); if (part[n] == port && (tcp != "tcp" || $4 == "0A")) found = 1 }
        END { exit !found }' "/proc/net/$1" "/proc/net/${1}6" 2>/dev/null
}

wanted=$*
while [ $# -ge 2 ]; do
    if [ "$1" = tcp ]; then
        work="sleep $seconds"
        kind=
    else
        # Each datagram is a line with the name of its sender.
        work="while dd bs=200 count=1 <&3 2>/dev/null; do :; done >$place/$2"
        kind=--datagram
    fi
    systemd-run --quiet --collect --unit="hybridops-probe-$1-$2" -p RuntimeMaxSec="$seconds" \
        systemd-socket-activate $kind -l "$2" sh -c "$work" >/dev/null 2>&1
    shift 2
done
# shellcheck disable=SC2086 # they are words
set -- $wanted
while [ $# -ge 2 ]; do
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if held "$1" "$2"; then
            echo "$1 $2"
            break
        fi
        sleep 0.2
    done
    shift 2
done
exit 0
