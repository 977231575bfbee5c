# shellcheck shell=sh disable=SC2154,SC2119
# Takes the old primary out of service: $1 why. Says where its WAL ends.
# The flag comes first: whatever happens from here on, it does not come back as a primary.
raise_fence "$1"
if has_systemd; then systemctl stop "hybridops-lease@$version-$cluster" 2>/dev/null || true; fi
if is_alive; then
    # A shutdown writes all that is dirty: what is written now need not be written while nobody is served.
    one 'CHECKPOINT' >/dev/null 2>&1 || true
    stop_server
fi
if is_alive; then die "a process of the server of $member is still there"; fi
printf 'control=%s\n' "$(control 'Database cluster state')"
printf 'checkpoint=%s\n' "$(control 'Latest checkpoint location')"
printf 'timeline=%s\n' "$(control "Latest checkpoint's TimeLineID")"
