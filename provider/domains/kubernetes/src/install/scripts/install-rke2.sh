#!/bin/sh
# Puts a release in place. $1 the archive, $2 the version, $3 its SHA-256, $4 our directory, $5 the data.
set -eu
umask 022
cd /
[ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$3" ] || { echo "$1 is not what it should be" >&2; exit 1; }
place=/usr/local
units=$place/lib/systemd/system
# Where it is read-only, or a mount of its own, upstream goes to /opt.
if ! { mkdir -p "$place/bin" && touch "$place/bin/.hybridops"; } 2>/dev/null; then
    echo '/usr/local cannot be written: such systems are not supported' >&2
    exit 1
fi
rm -f "$place/bin/.hybridops"
new=$4/staging/unpacked
rm -rf -- "$new"
mkdir -p -- "$new" "$units"
tar -xzf "$1" -C "$new"
[ -x "$new/bin/rke2" ] || { echo 'there is no bin/rke2 in the archive' >&2; exit 1; }
# The program last, and at one stroke: what is killed before it begins anew.
for file in "$new"/bin/*; do
    name=$(basename "$file")
    [ "$name" = rke2 ] && continue
    cp -f -- "$file" "$place/bin/.$name.new"
    chmod 755 "$place/bin/.$name.new"
    mv -f -- "$place/bin/.$name.new" "$place/bin/$name"
done
for file in "$new"/lib/systemd/system/*; do
    [ -f "$file" ] || continue
    cp -f -- "$file" "$units/$(basename "$file")"
    chmod 644 "$units/$(basename "$file")"
done
if [ -d "$new/share/rke2" ]; then
    mkdir -p "$place/share"
    rm -rf "$place/share/rke2"
    cp -r "$new/share/rke2" "$place/share/rke2"
fi
cp -f -- "$new/bin/rke2" "$place/bin/.rke2.new"
chmod 755 "$place/bin/.rke2.new"
sync
mv -f -- "$place/bin/.rke2.new" "$place/bin/rke2"
printf '%s %s\n' "$2" "$3" >"$4/installed.new"
mv -f -- "$4/installed.new" "$4/installed"
rm -rf -- "$new"
systemctl daemon-reload
