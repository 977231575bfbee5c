# What every script here shares. Sourced, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT
# The address people write in required_providers, which is also its path in a mirror.
readonly PROVIDER=terraform-provider-hybridops
# shellcheck disable=SC2034 # used by those who source this
readonly PROVIDER_SOURCE=registry.terraform.io/hybridops-studio/hybridops

# The command line: package, binary, and what its files are named after.
# shellcheck disable=SC2034 # used by those who source this
readonly COMMAND=hybridops

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Where cargo puts what it builds, wherever CARGO_TARGET_DIR or a configuration moved it.
target_dir() { cargo metadata --no-deps --format-version 1 --manifest-path "$ROOT/Cargo.toml" | jq -r .target_directory; }

provider_version() {
    cargo metadata --no-deps --format-version 1 --manifest-path "$ROOT/Cargo.toml" |
        jq -r --arg name "$PROVIDER" '.packages[] | select(.name == $name) | .version'
}

# linux_amd64 and the like, as Terraform names platforms.
host_platform() {
    local os arch
    os=$(uname -s | tr '[:upper:]' '[:lower:]')
    case $(uname -m) in
        x86_64 | amd64) arch=amd64 ;;
        aarch64 | arm64) arch=arm64 ;;
        *) die "No Terraform platform is known for $(uname -m)." ;;
    esac
    printf '%s_%s\n' "$os" "$arch"
}

# running_below DIRECTORY: processes whose program lies there. By the program, for Terraform starts providers by a path
# that is relative and a link.
running_below() {
    local process program directory
    directory=$(cd "$1" && pwd -P)
    for process in /proc/[0-9]*; do
        program=$(readlink "$process/exe" 2>/dev/null) || continue
        [[ $program != "$directory"/* ]] || printf '%s %s\n' "${process#/proc/}" "$program"
    done
}

# === Phases: timed, counted, summed up at the end by whichever script began ===

# A script started by another one adds to the list of the first.
phases_begin() {
    if [[ -z ${HYBRIDOPS_PHASES:-} ]]; then
        HYBRIDOPS_PHASES=$(mktemp -d)
        export HYBRIDOPS_PHASES
        : >"$HYBRIDOPS_PHASES/phases"
        : >"$HYBRIDOPS_PHASES/skipped"
        PHASES_OWNER=1
        trap 'rm -rf "$HYBRIDOPS_PHASES"' EXIT
    fi
}

# phase NAME COMMAND [ARGUMENT …]: runs it, keeps its verdict and goes on, so that one run shows every fault.
phase() {
    local name=$1 began=$SECONDS status=0
    shift
    printf '\n== %s\n' "$name"
    # A subshell of its own: `set -e` would not hold inside a function called in a condition.
    set +e
    (
        set -e
        "$@"
    )
    status=$?
    set -e
    if ((status == 0)); then
        printf 'passed\t%d\t%s\n' "$((SECONDS - began))" "$name" >>"$HYBRIDOPS_PHASES/phases"
    else
        printf 'failed\t%d\t%s\n' "$((SECONDS - began))" "$name" >>"$HYBRIDOPS_PHASES/phases"
        warn "$name failed (exit status $status)"
    fi
}

# skipped WHAT WHY: said at once, and again at the end.
skipped() {
    printf 'SKIPPED %s: %s\n' "$1" "$2"
    [[ -z ${HYBRIDOPS_PHASES:-} ]] || printf '%s: %s\n' "$1" "$2" >>"$HYBRIDOPS_PHASES/skipped"
}

# phases_end: the table, the skipped, the last line; fails if a phase did.
phases_end() {
    local failed
    failed=$(grep -c '^failed' "$HYBRIDOPS_PHASES/phases" || true)
    if [[ -n ${PHASES_OWNER:-} ]]; then
        printf '\n== Phases\n'
        awk -F'\t' '{ printf "%-7s %5d s  %s\n", $1, $2, $3; sum += $2 } END { printf "%-7s %5d s\n", "all", sum }' \
            "$HYBRIDOPS_PHASES/phases"
        printf '\n== Skipped\n'
        if [[ -s $HYBRIDOPS_PHASES/skipped ]]; then sort -u "$HYBRIDOPS_PHASES/skipped"; else say "nothing"; fi
        printf '\n%d phases passed, %d failed\n' "$(grep -c '^passed' "$HYBRIDOPS_PHASES/phases" || true)" "$failed"
    fi
    ((failed == 0))
}
