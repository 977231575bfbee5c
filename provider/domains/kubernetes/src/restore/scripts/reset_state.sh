# How the reset stands. $1 distribution, $2 directory of our notes.
set -u
systemctl show -p ActiveState -p SubState -p Result -p ExecMainStatus "hybridops-$1-reset"
grep -q 'membership has been reset, restart without --cluster-reset' "$2/restore/reset.log" 2>/dev/null && echo 'Said=1'
echo 'Log'
tail -n 15 "$2/restore/reset.log" 2>/dev/null | sed 's/K10[0-9a-f]*::[^ "]*/K10…/g'
