# Makes the directories of an instance: $1 configuration, $2 state, $3 link to the metrics, or nothing, $4 directory of a file
# storage, or nothing. Nothing that is there is emptied.
set -eu
umask 022
mkdir -p /etc/hybridops/postgresql /var/lib/hybridops/postgresql /usr/local/lib/hybridops
install -d -m 0755 -o root -g root "$1"
install -d -m 0700 -o postgres -g postgres "$1/keys"
install -d -m 0751 -o postgres -g postgres "$2"
install -d -m 0700 -o postgres -g postgres "$2/prefetch"
if [ -n "$3" ]; then
    mkdir -p "$(dirname "$3")"
    ln -sfn "$2/metrics.prom" "$3"
fi
if [ -n "$4" ]; then
    [ -d "$4" ] || install -d -m 0700 -o postgres -g postgres "$4"
    if ! runuser -u postgres -- test -w "$4"; then
        echo "the user postgres may not write to $4" >&2
        exit 77
    fi
fi
