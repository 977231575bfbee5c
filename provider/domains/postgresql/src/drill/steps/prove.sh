# One proof by rows: $1 name of the drill, $2 database; standard input the statement. It must answer true.
set -eu
here=/usr/local/lib/hybridops
# shellcheck source=../../walg/host/common.sh
. "$here/common.sh"
load_instance "$1"
cd /
runuser -u postgres -- env PGCONNECT_TIMEOUT=10 PGOPTIONS='-c default_transaction_read_only=on' \
    "$HYBRIDOPS_PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$2" -f -
