# shellcheck shell=sh disable=SC2154,SC2119
# Gives a cluster whose data were copied its directory of configuration.
if [ ! -f "$config/postgresql.conf" ]; then
    # pg_createcluster moved the configuration out of the data where they came from, and wants it there.
    for file in postgresql.conf pg_ident.conf; do [ -f "$data/$file" ] || install -o postgres -g postgres -m 0640 /dev/null "$data/$file"; done
    [ -f "$data/pg_hba.conf" ] || printf 'local all postgres peer\nlocal all all peer\n' | keep "$data/pg_hba.conf" 0640 postgres:postgres
    pg_createcluster "$version" "$cluster" -d "$data" -p "$port" >&2
fi
