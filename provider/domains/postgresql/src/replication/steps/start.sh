# shellcheck shell=sh disable=SC2154,SC2119
# Starts a standby that is down.
[ -f "$data/standby.signal" ] || die "$member is no standby"
is_alive || start_server
