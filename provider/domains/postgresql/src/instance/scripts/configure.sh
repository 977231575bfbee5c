#!/bin/sh
# Writes the configuration directory of a cluster where it is missing, also for data that were restored or moved here
# without one. What is there stays. $1 major version, $2 cluster, $3 data directory, $4 port.
set -eu
cd /
umask 022
version=$1
cluster=$2
data=$3
port=$4
config=/etc/postgresql/$version/$cluster

# Writes standard input as a file that is not there yet.
keep() {
    [ ! -e "$config/$1" ] || return 0
    cat >"$config/$1.hybridops-new"
    chown postgres:postgres "$config/$1.hybridops-new"
    chmod "$2" "$config/$1.hybridops-new"
    mv -f -- "$config/$1.hybridops-new" "$config/$1"
}

for directory in /etc/postgresql "/etc/postgresql/$version" "$config" "$config/conf.d"; do
    [ -d "$directory" ] || install -d -m 0755 -o postgres -g postgres "$directory"
done
echo auto | keep start.conf 0644
echo "pg_ctl_options = ''" | keep pg_ctl.conf 0644
: | keep environment 0644
: | keep pg_ident.conf 0640
printf 'local all postgres peer\n' | keep pg_hba.conf 0640
# Last, for it makes the cluster known.
keep postgresql.conf 0644 <<EOC
data_directory = '$data'
hba_file = '$config/pg_hba.conf'
ident_file = '$config/pg_ident.conf'
external_pid_file = '/var/run/postgresql/$version-$cluster.pid'
port = $port
unix_socket_directories = '/var/run/postgresql'
cluster_name = '$version/$cluster'
log_line_prefix = '%m [%p] %q%u@%d '
log_timezone = 'Etc/UTC'
timezone = 'Etc/UTC'
datestyle = 'iso, mdy'
default_text_search_config = 'pg_catalog.english'
include_dir = 'conf.d'
EOC
if ! grep -Eq "^[[:space:]]*include_dir[[:space:]]*=?[[:space:]]*'conf\\.d'" "$config/postgresql.conf"; then
    printf "\\ninclude_dir = 'conf.d'\\n" >>"$config/postgresql.conf"
fi
install -d -m 2775 -o root -g postgres /var/run/postgresql /var/log/postgresql
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
