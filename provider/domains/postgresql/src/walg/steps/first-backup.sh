# Takes a full backup now, and answers its result: $1 instance, $2 seconds to wait for one that is being taken.
set -eu
state=/var/lib/hybridops/postgresql/$1
waited=0
while :; do
    said=$(runuser -u postgres -- /usr/local/lib/hybridops/hybridops-backup "$1" full 2>&1) || {
        printf '%s\n' "$said" | tail -n 5 >&2
        exit 1
    }
    case $said in
    *'another one is being taken'*)
        if [ "$waited" -ge "$2" ]; then
            echo "another backup was being taken for $waited s" >&2
            exit 1
        fi
        sleep 2
        waited=$((waited + 2))
        ;;
    *) break ;;
    esac
done
cat "$state/backup.json"
