# Lays down a drill and begins its reset. Its units have no network but a loopback of their own: what is restored can reach
# nothing, and nothing can reach it but what is passed to it by sockets. $1 distribution, $2 program, $3 directory of our
# notes, $4 snapshot, $5 address of the node, then the ports that are passed. The configuration comes by standard input.
set -eu
umask 077
place="/run/hybridops/$1-drill"
name="hybridops-$1-drill"
units=/run/systemd/system
log="$3/drill.log"
program=$2
snapshot=$4
address=$5
distribution=$1
shift 5
mkdir -p "$place" "$units"
cat >"$place/config.yaml"
cat >"$place/isolate.sh" <<'END'
# Goes on only where there is a network of its own. $1 the address that the node is to have.
set -eu
[ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/1/ns/net)" ] || { echo 'the drill has no network of its own, and is not begun' >&2; exit 1; }
ip link set lo up
ip address replace "$1/32" dev lo
ip route replace default dev lo
END
proxy=
for path in /lib/systemd/systemd-socket-proxyd /usr/lib/systemd/systemd-socket-proxyd; do [ -x "$path" ] && proxy=$path; done
[ -n "$proxy" ] || { echo 'there is no systemd-socket-proxyd, which belongs to systemd' >&2; exit 1; }
service() {
    printf '[Unit]\nDescription=%s\n[Service]\nPrivateNetwork=yes\nDelegate=yes\nKillMode=control-group\nTimeoutStopSec=20\n' "$1"
    printf 'LimitNOFILE=1048576\nStandardOutput=append:%s\nExecStartPre=/bin/sh %s/isolate.sh %s\n' "$log" "$place" "$address"
}
{
    service 'Restore drill: the database is set back to the snapshot'
    printf 'Type=oneshot\nRemainAfterExit=yes\nTimeoutStartSec=infinity\n'
    printf 'ExecStart=%s server --config %s/config.yaml --cluster-reset --cluster-reset-restore-path=%s\n' "$program" "$place" "$snapshot"
} >"$units/$name-reset.service"
{
    service 'Restore drill: the restored cluster'
    printf 'Type=exec\nRestart=no\nExecStart=%s server --config %s/config.yaml\n' "$program" "$place"
} >"$units/$name.service"
for port in "$@"; do
    printf '[Unit]\nDescription=Restore drill of %s: port %s\n[Socket]\nListenStream=127.0.0.1:%s\n' "$distribution" "$port" "$port" >"$units/$name-$port.socket"
    printf '[Unit]\nJoinsNamespaceOf=%s.service\nAfter=%s.service\n[Service]\nPrivateNetwork=yes\nExecStart=%s 127.0.0.1:%s\n' \
        "$name" "$name" "$proxy" "$port" >"$units/$name-$port.service"
done
systemctl daemon-reload
exec systemctl start --no-block "$name-reset.service"
