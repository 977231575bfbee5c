# Tells the metrics of the cluster's instances on this machine: $1 system identifier, $2 JSON of the result.
set -u
for file in /etc/hybridops/postgresql/*/instance.env; do
    [ -f "$file" ] || continue
    (
        # shellcheck source=/dev/null
        . "$file"
        [ "$HYBRIDOPS_SYSTEM_ID" = "$1" ] && [ "${HYBRIDOPS_NOTE_END:-0}" = 0 ] || exit 0
        for name in drill verified; do
            printf '%s\n' "$2" >"$HYBRIDOPS_STATE/$name.json.new" &&
                chown postgres:postgres "$HYBRIDOPS_STATE/$name.json.new" &&
                mv -f "$HYBRIDOPS_STATE/$name.json.new" "$HYBRIDOPS_STATE/$name.json"
        done
    )
done
exit 0
