# shellcheck shell=sh disable=SC2154
# The part of the facts that is about archiving. It stands in the script that asks for all facts, which has set
# $version, $cluster and $data, and has the function "section". Changes nothing, shows no secret.

walg_program() {
    program=/usr/local/lib/hybridops/wal-g
    [ -e "$program" ] || return 0
    stat -L -c 'owner %u:%g mode %a' "$program"
    readlink -e "$program" | sed 's/^/path /'
    # Hashing it takes longer than everything else here: the stamp says which file was hashed.
    now=$(stat -L -c '%i %s %Y' "$program")
    if [ "$(sed -n 1p "$program.stamp" 2>/dev/null)" = "$now" ]; then
        sed -n '2s/^/sha256 /p;3s/^/version /p;4s/^/origin /p' "$program.stamp"
    else
        sha256sum <"$program" | sed 's/^\([0-9a-f]*\).*/sha256 \1/'
        timeout 20 "$program" --version 2>/dev/null | head -n 1 | sed 's/^/version /'
    fi
}

walg_files() {
    for path in /usr/local/lib/hybridops/* "/etc/systemd/system/hybridops-"*"@$version-$cluster".*; do
        case $path in */wal-g | *'*'* | */wal-g.stamp) continue ;; esac
        [ -f "$path" ] && printf '%s %s %s\n' "$(sha256sum <"$path" | cut -d ' ' -f 1)" "$(stat -c '%a:%U' "$path")" "$path"
    done
}

walg_timers() {
    for what in backup metrics; do
        unit=hybridops-$what@$version-$cluster.timer
        printf '%s %s %s\n' "$unit" "$(systemctl is-enabled "$unit" 2>/dev/null)" "$(systemctl is-active "$unit" 2>/dev/null)"
    done
}

walg_state() {
    for name in archive.json backup.json backup-ok.json verified.json drill.json archived archiving-off lease; do
        [ -f "$walg_state_dir/$name" ] && printf '%s %s\n' "$name" "$(head -c 4000 "$walg_state_dir/$name" | tr '\n' ' ')"
    done
    [ -d "$walg_state_dir" ] && printf 'directory %s\n' "$(stat -c '%a:%U' "$walg_state_dir")"
}

walg_state_dir=/var/lib/hybridops/postgresql/$version-$cluster
walg_etc=/etc/hybridops/postgresql/$version-$cluster
walg_program 2>/dev/null | section walg.program
walg_files 2>/dev/null | section walg.files
walg_timers 2>/dev/null | section walg.timers
walg_state 2>/dev/null | section walg.state
if [ -f "$walg_etc/wal-g.json" ]; then
    sed -E 's/^(  "[A-Z0-9_]*(KEY|TOKEN|PASSWORD|PASSPHRASE|KEY_ID|TRANSFORM)": ").*("(,?))$/\1-\3/' "$walg_etc/wal-g.json" | section walg.config
    stat -c '%a:%U' "$walg_etc/wal-g.json" | section walg.config_mode
fi
[ -f "$walg_etc/instance.env" ] && section walg.instance <"$walg_etc/instance.env"
find "$walg_etc/keys" -type f 2>/dev/null | sed 's:.*/::' | LC_ALL=C sort | section walg.keys
