#!/bin/sh
# Puts a file of the configuration in place if the server would take it, else leaves the old one and ends with 65 and
# what is wrong. $1 major version, $2 cluster, $3 port, $4 the file, $5 its mode, $6 settings or access, $7 how many bytes
# there are to come: the input of a connection that broke ends like any other; standard input: the file.
set -eu
cd /
umask 077
config=/etc/postgresql/$1/$2
port=$3
file=$4
new=$file.hybridops-new
old=$file.hybridops-old

query() {
    runuser -u postgres -- env PGOPTIONS='-c log_statement=none' \
        psql -X -A -t -q -h /var/run/postgresql -p "$port" -d postgres -v ON_ERROR_STOP=1 -c "$1"
}

# What the server has against the files as they are now. It reads them for the answer, and does not use them.
# A setting that waits for a restart is no fault, though it is told in the same words.
faults() {
    case $1 in
    settings)
        query "SELECT coalesce(f.name, '') || ' (line ' || f.sourceline || '): ' || f.error FROM pg_file_settings f
            LEFT JOIN pg_settings s ON s.name = f.name WHERE f.error IS NOT NULL
            AND NOT (s.context IS NOT DISTINCT FROM 'postmaster' AND f.error = 'setting could not be applied')"
        ;;
    access)
        query "SELECT 'line ' || line_number || ': ' || error FROM pg_hba_file_rules WHERE error IS NOT NULL"
        ;;
    esac
}

# What a server that does not run would have against the files.
faults_offline() {
    {
        runuser -u postgres -- "/usr/lib/postgresql/$1/bin/postgres" -C max_connections \
            -c "config_file=$config/postgresql.conf" >/dev/null
    } 2>&1 || true
}

cat >"$new"
if [ "$(wc -c <"$new")" -ne "$7" ]; then
    rm -f -- "$new"
    echo 'not all of it arrived: the connection broke' >&2
    exit 1
fi
chown postgres:postgres "$new"
chmod "$5" "$new"
# A run that was killed before the server was asked left the old one.
if [ -e "$old" ]; then
    mv -f -- "$old" "$file"
fi
[ -e "$old" ] || [ ! -e "$file" ] || cp -p -- "$file" "$old"
back() {
    if [ -e "$old" ]; then mv -f -- "$old" "$file"; else rm -f -- "$file"; fi
}
trap 'back; exit 75' HUP INT TERM
sync -- "$new" 2>/dev/null || sync
mv -f -- "$new" "$file"
online=
wrong=
if query 'SELECT 1' >/dev/null 2>&1; then
    online=1
    wrong=$(faults "$6") || { back; exit 75; }
fi
# A server that runs does not look at values that only a start would use.
directory=$(sed -n "s/^data_directory *= *'\(.*\)'.*/\1/p" "$config/postgresql.conf" | head -n 1)
if [ -z "$wrong" ] && [ "$6" = settings ] && [ -d "$directory" ]; then
    wrong=$(faults_offline "$1" | grep -E 'FATAL|LOG|ERROR' || true)
fi
if [ -n "$wrong" ]; then
    back
    printf '%s\n' "$wrong" >&2
    exit 65
fi
rm -f -- "$old"
trap - HUP INT TERM
[ -z "$online" ] || query 'SELECT pg_reload_conf()' >/dev/null
