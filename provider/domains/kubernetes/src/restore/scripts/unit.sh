# How a unit stands. $1 unit.
systemctl show -p ActiveState -p SubState -p NRestarts -p ExecMainStatus "$1"
echo Log
journalctl -q --no-pager -o cat -n 15 -u "$1" 2>/dev/null | sed 's/K10[0-9a-f]*::[^ "]*/K10…/g'
