# shellcheck shell=sh disable=SC2154,SC2119
# Brings back the holder of the epoch, which was taken out of service by a move that was given up.
rm -f "$fence"
is_alive || start_server
if [ "$(one 'SELECT pg_is_in_recovery()')" = t ]; then die "$member starts as a standby: promote it by a new epoch"; fi
start_lease
