# shellcheck shell=sh disable=SC2154,SC2119
# Writes something that every standby must come to have, and says where. It waits for no standby itself.
printf 'mark=%s\n' "$(one "SET synchronous_commit TO local;
    SELECT pg_logical_emit_message(true, 'hybridops', 'does this arrive?')")"
