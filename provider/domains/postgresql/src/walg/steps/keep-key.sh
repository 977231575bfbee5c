# Before another key comes into use: $1 directory of the configuration, $2 fingerprint of the new key, or nothing. The
# configuration with the key in use stays in the directory of keys, for what was encrypted with it.
set -eu
[ -f "$1/wal-g.json" ] && [ -f "$1/instance.env" ] || exit 0
used=$(sed -n "s/^HYBRIDOPS_KEY='\(.*\)'$/\1/p" "$1/instance.env")
if [ "$used" = "$2" ]; then exit 0; fi
cp -p "$1/wal-g.json" "$1/keys/${used:-none}.json.new"
mv -f "$1/keys/${used:-none}.json.new" "$1/keys/${used:-none}.json"
