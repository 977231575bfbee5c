#!/bin/sh
# hybridops-fence-check INSTANCE: whether the server may start. A standby may; a primary only where no flag stands beside
# its data, and with the lease of the epoch where there is one.
set -u
instance=${1:?}
etc=${HYBRIDOPS_ETC:-/etc/hybridops/postgresql}/$instance
# shellcheck source=/dev/null
. "$etc/fence.env"
: "${DATA:?}"
[ -e "$DATA/standby.signal" ] && exit 0
if [ -e "$DATA.hybridops-fence" ]; then
    echo "hybridops: this server must not start as a primary: $(head -n 1 "$DATA.hybridops-fence")" >&2
    exit 1
fi
[ -e "$etc/lease.env" ] || exit 0
exec "$(dirname "$0")/hybridops-lease" "$instance" acquire
