# How a unit of the drill stands. $1 unit, $2 directory of our notes.
set -u
systemctl show -p ActiveState -p SubState -p Result -p ExecMainStatus "$1"
grep -q 'membership has been reset, restart without --cluster-reset' "$2/drill.log" 2>/dev/null && echo 'Said=1'
echo 'Log'
tail -n 15 "$2/drill.log" 2>/dev/null | sed 's/K10[0-9a-f]*::[^ "]*/K10…/g'
