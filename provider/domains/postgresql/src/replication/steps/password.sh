# shellcheck shell=sh disable=SC2154,SC2119
# Keeps the password of the replication user for this member's own connections: $1 version, $2 "missing" where one that
# is kept already stays. Standard input is a line of a password file without the host.
if [ "${2:-}" = missing ] && [ -s "$state/replication.pass" ]; then
    cat >/dev/null
    exit 0
fi
[ -d "$state" ] || install -d -o postgres -g postgres -m 0751 "$state"
keep "$state/replication.pass" 0600 postgres:postgres
printf '%s\n' "$1" | keep "$state/replication.pass.version" 0644 postgres:postgres
