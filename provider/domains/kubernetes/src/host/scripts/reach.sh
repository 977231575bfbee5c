#!/bin/sh
# Tries to reach others. $1 who we are, then triples of `tcp` or `udp`, an address and a port. Tells each triple with `ok`,
# `refused`, `silent` or what the system said; of `udp` only that it was sent.
set -u
command -v bash >/dev/null 2>&1 || exit 0
name=$1
shift

one() {
    if [ "$1" = udp ]; then
        for _ in 1 2 3; do
            # shellcheck disable=SC2016 # bash expands it
            bash -c 'echo "$3" >"/dev/udp/$1/$2"' probe "$2" "$3" "$name" 2>/dev/null
            sleep 0.1
        done
        echo "udp $2 $3 sent"
        return
    fi
    # shellcheck disable=SC2016 # bash expands it
    said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' probe "$2" "$3" 2>&1)
    case $? in
        0) verdict=ok ;;
        124) verdict=silent ;;
        *)
            case $said in
                *[Rr]efused*) verdict=refused ;;
                *) verdict=$(printf '%s' "$said" | tail -n 1 | sed 's/.*: //') ;;
            esac
            ;;
    esac
    echo "tcp $2 $3 $verdict"
}

while [ $# -ge 3 ]; do
    one "$1" "$2" "$3" &
    shift 3
done
wait
