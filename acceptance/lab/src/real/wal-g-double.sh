#!/bin/sh
# A double of WAL-G for faults: it does what /etc/lab/wal-g-faults says, else runs the real binary beside it.
#
# Each line of that file: SUBCOMMAND FAULT [ARGUMENT]. SUBCOMMAND is WAL-G's or "any"; SUBCOMMAND@NAME means only what
# has the argument NAME. FAULT is one of
#   exit CODE     end at once with this code
#   hang          never end
#   slow SECONDS  wait, then do the work
#   torn          do the work, then cut the file that was fetched in half
#   wrong [AT]    do the work, then spoil a byte of the file that was fetched: in its middle, or where it is said
#   foreign       do the work, then give the segment that was fetched to another system
#   once-exit CODE  the same as exit, one time
faults=${LAB_WAL_G_FAULTS:-/etc/lab/wal-g-faults}
real=${LAB_WAL_G_REAL:-/opt/lab/wal-g}

command=none
for word in "$@"; do
    # The value of an option may stand before the subcommand.
    case $word in
        wal-* | backup-* | catchup-* | delete | copy | st | flags | daemon*)
            command=$word
            break
            ;;
    esac
done

fault='' argument=''
if [ -r "$faults" ]; then
    while read -r for_command kind rest; do
        only=${for_command#*@}
        [ "$only" != "$for_command" ] || only=''
        case " $* " in *" $only "*) ;; *) [ -z "$only" ] || continue ;; esac
        if [ "${for_command%%@*}" = "$command" ] || [ "$for_command" = any ]; then
            fault=$kind argument=$rest
            break
        fi
    done <"$faults"
fi

# What wal-fetch wrote is its last argument.
last=''
for word in "$@"; do last=$word; done

case $fault in
    exit) exit "${argument:-1}" ;;
    once-exit)
        if [ ! -e "$faults.used" ]; then
            : >"$faults.used"
            exit "${argument:-1}"
        fi
        ;;
    hang) while :; do sleep 3600; done ;;
    slow) sleep "${argument:-5}" ;;
    torn)
        "$real" "$@" || exit $?
        size=$(stat -c %s "$last") && truncate -s $((size / 2)) "$last"
        exit 0
        ;;
    wrong)
        "$real" "$@" || exit $?
        size=$(stat -c %s "$last")
        printf '\377' | dd of="$last" bs=1 seek="${argument:-$((size / 2))}" conv=notrunc 2>/dev/null
        exit 0
        ;;
    foreign)
        "$real" "$@" || exit $?
        # The system of a segment is told by eight bytes of its first page.
        printf '\001\002\003\004\005\006\007\010' | dd of="$last" bs=1 seek=24 conv=notrunc 2>/dev/null
        exit 0
        ;;
esac
exec "$real" "$@"
