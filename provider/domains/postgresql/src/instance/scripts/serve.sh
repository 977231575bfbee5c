#!/bin/sh
# Starts, restarts, reloads or stops the server and waits until it is so.
# $1 major version, $2 cluster, $3 port, $4 start, restart, reload or stop, $5 seconds to wait.
set -eu
cd /
unit=postgresql@$1-$2
log=/var/log/postgresql/postgresql-$1-$2.log

query() {
    runuser -u postgres -- psql -X -A -t -q -h /var/run/postgresql -p "$port" -d postgres -c "$1"
}
# Without systemd the wrapper does it; 2 is "it is so already".
control() {
    if [ -d /run/systemd/system ]; then
        systemctl "$1" "$unit"
    else
        code=0
        pg_ctlcluster --skip-systemctl-redirect "$version" "$cluster" "$1" -- -w -t "$wait" || code=$?
        [ "$code" -eq 0 ] || [ "$code" -eq 2 ]
    fi
}
running() {
    pg_lsclusters -h | awk -v v="$version" -v c="$cluster" '$1 == v && $2 == c { print $4 }' | grep -q '^online'
}

version=$1
cluster=$2
port=$3
wait=$5
case $4 in
reload)
    before=$(query 'SELECT pg_conf_load_time()')
    query 'SELECT pg_reload_conf()' >/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(query 'SELECT pg_conf_load_time()')" = "$before" ] || exit 0
        sleep 0.3
    done
    echo 'the server did not read its configuration again' >&2
    exit 1
    ;;
stop)
    control stop || true
    if running; then
        echo "the server still runs" >&2
        exit 1
    fi
    exit 0
    ;;
restart)
    # What is in memory is written while the server still works.
    query CHECKPOINT >/dev/null 2>&1 || true
    control restart || true
    ;;
start)
    [ ! -d /run/systemd/system ] || systemctl reset-failed "$unit" 2>/dev/null || true
    control start || true
    ;;
esac

# The unit says "active" also of a server that ended at once: the server itself is asked.
begun=$(date +%s)
while ! pg_isready -q -h /var/run/postgresql -p "$port"; do
    if ! running || [ $(($(date +%s) - begun)) -ge "$wait" ]; then
        echo "the server does not answer; the end of $log:" >&2
        tail -n 12 "$log" >&2 || true
        exit 1
    fi
    sleep 0.3
done
