#!/bin/sh
# Runs statements from standard input as the superuser: $1 port, $2 database.
set -eu
cd /
exec runuser -u postgres -- env PGOPTIONS= PGAPPNAME=hybridops \
    psql -X -A -t -q -h /var/run/postgresql -p "$1" -d "$2" -v ON_ERROR_STOP=1 -f -
