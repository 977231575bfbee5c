# Ends the unit of the reset with all it left running. $1 distribution, $2 killall script or nothing.
set -u
systemctl stop "hybridops-$1-reset" 2>/dev/null
systemctl reset-failed "hybridops-$1-reset" 2>/dev/null
rm -rf "/run/hybridops/$1-reset"
if [ -n "$2" ]; then
    script=$(command -v "$2" || echo "/usr/local/bin/$2")
    [ -x "$script" ] && "$script" >/dev/null 2>&1
fi
exit 0
