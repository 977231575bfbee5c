#!/bin/sh
# Makes the group and the user postgres with fixed numbers, before any package does with numbers of its own.
# $1 number of the user, $2 number of the group.
set -eu
if ! getent group postgres >/dev/null; then
    groupadd --system --gid "$2" postgres
fi
if ! getent passwd postgres >/dev/null; then
    useradd --system --uid "$1" --gid postgres --home-dir /var/lib/postgresql --no-create-home \
        --shell /bin/bash --comment 'PostgreSQL administrator' postgres
fi
