#!/bin/sh
# hybridops-metrics INSTANCE: what monitoring should see, as a text file for Prometheus' node exporter.
#
# What is known without the server is told without it.

set -u
here=$(dirname "$0")
# shellcheck source=common.sh
. "$here/common.sh"
load_instance "${1:-}"
labels="instance_name=\"${HYBRIDOPS_MEMBER:-$instance}\",cluster=\"$instance\""

# A number of a file of JSON in the state directory.
number() {
    sed -n "s/.*\"$2\":\([0-9][0-9.]*\).*/\1/p" "$HYBRIDOPS_STATE/$1" 2>/dev/null | head -n 1
}

# A metric, where it has a value.
metric() {
    [ -n "$2" ] && printf 'hybridops_postgresql_%s{%s} %s\n' "$1" "$labels" "$2"
}

# How long ago a time was.
age() {
    [ -n "$1" ] && echo $(($(date +%s) - ${1%%.*}))
}

of_the_server() {
    [ -e "$HYBRIDOPS_STATE/samples" ] || : >"$HYBRIDOPS_STATE/samples"
    if found=$(query_file metrics.sql -v "labels=$labels" \
        -v "segment=$HYBRIDOPS_WAL_SEGMENT" -v "archived=$(cut -d ' ' -f 1 "$HYBRIDOPS_STATE/archived" 2>/dev/null)" \
        <"$HYBRIDOPS_STATE/samples"); then
        # The first sample is the one that counts from: it stays however many there are.
        printf '%s\n' "$found" | sed -n 's/^= //p' | awk 'NR == 1 { print; next } { kept[NR] = $0 }
            END { for (i = (NR > 2000 ? NR - 1998 : 2); i <= NR; i++) print kept[i] }' | keep samples
        printf '%s\n' "$found" | grep -v '^='
    else
        metric up 0
    fi
}

of_the_files() {
    metric archive_last_result_ok "$(grep -q '"result":"ok"' "$HYBRIDOPS_STATE/archive.json" 2>/dev/null && echo 1 || echo 0)"
    metric archive_failures "$(number archive.json failures)"
    metric archive_age_seconds "$(age "$(cut -d ' ' -f 2 "$HYBRIDOPS_STATE/archived" 2>/dev/null)")"
    metric archiving_off "$([ -e "$HYBRIDOPS_STATE/archiving-off" ] && echo 1 || echo 0)"
    metric backup_age_seconds "$(age "$(number backup-ok.json time)")"
    metric backup_duration_seconds "$(number backup-ok.json seconds)"
    metric backup_failing "$(grep -q '"result":"failed"' "$HYBRIDOPS_STATE/backup.json" 2>/dev/null && echo 1 || echo 0)"
    metric verified_backup_age_seconds "$(age "$(number verified.json time)")"
    metric restore_drill_age_seconds "$(age "$(number drill.json time)")"
    metric recovery_point_objective_seconds "${HYBRIDOPS_RPO:-}"
    expires=$(field "$HYBRIDOPS_STATE/lease" expires)
    metric lease_seconds_left "$([ -n "$expires" ] && echo $((expires - $(date +%s))))"
    metric epoch "$(field "$HYBRIDOPS_STATE/lease" epoch)"
    metric metrics_time_seconds "$(date +%s)"
}

target=${HYBRIDOPS_METRICS:?}
{
    of_the_server
    of_the_files
} >"$target.$$" || die 1 "$target.$$ cannot be written"
# The exporter runs as another user.
chmod 0644 "$target.$$" && mv -f "$target.$$" "$target"
