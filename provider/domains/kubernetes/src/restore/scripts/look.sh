# What matters of a server before a restore. $1 directory of data, $2 directory of our notes, $3 unit, $4 program.
set -u
printf 'unit %s\n' "$(systemctl is-active "$3" 2>/dev/null)"
[ -x "$4" ] && printf 'version %s\n' "$("$4" --version 2>/dev/null | sed -n '1s/^[^ ]* version \([^ ]*\).*/\1/p')"
[ -d "$1/server/db/etcd" ] || [ -d "$1/server/db-hybridops-aside" ] && echo 'data 1'
[ -s "$1/server/token" ] && echo 'token 1'
[ -s "$2/cluster-id" ] && printf 'cluster-id %s\n' "$(head -n 1 "$2/cluster-id")"
[ -s "$2/restore.json" ] && printf 'note %s\n' "$(cat "$2/restore.json")"
free=$(df -Pk "$1" 2>/dev/null | awk 'NR==2 {print $4}')
[ -n "$free" ] || free=$(df -Pk /var/lib | awk 'NR==2 {print $4}')
printf 'free %s\n' "$free"
exit 0
