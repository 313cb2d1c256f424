# common.sh: what the scripts of health and sql share: options, services, going first. Sourced by a script that has set
# HERE (its folder), out (its results) and needed (what has to be built); sets build, out, options and python's path.
ROOT="$(cd "$HERE/../.." && pwd)"
export WEIR_CACHE="${WEIR_CACHE:-$HOME/.cache/weir}" WEIR_RUN="${WEIR_RUN:-${TMPDIR:-/tmp}/weir-bench-$(id -u)}"
# Ports below those that the kernel gives to outgoing connections.
export WEIR_KAFKA_PORT="${WEIR_KAFKA_PORT:-26092}" WEIR_KAFKA_HEAP="${WEIR_KAFKA_HEAP:-1g}"
export WEIR_REGISTRY_PORT="${WEIR_REGISTRY_PORT:-26085}"
SERVICES="$ROOT/tests/live/services/services.sh"
FLINK="$ROOT/bench/flink/flink.sh"
build="$ROOT/build" out="$ROOT/build/$out" options=()

take_options() { # small's options, then the command line
    local small=$1
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --build) build=$2 && shift 2 ;;
        --out) out=$2 && shift 2 ;;
        --small)
            read -ra options <<<"$small"
            shift
            ;;
        -h | --help)
            sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
            exit
            ;;
        *) options+=("$1") && shift ;;
        esac
    done
    for file in $needed; do
        [ -e "$build/$file" ] || { echo "$0: $build/$file is not built" >&2 && exit 1; }
    done
    mkdir -p "$(dirname "$out")"
}

# Starts what does not run; what was started is stopped at the end.
services_up() { # names
    local name
    started=() flink_ran=false
    ! "$FLINK" status >/dev/null 2>&1 || flink_ran=true
    trap services_down EXIT
    for name in "$@"; do
        "$SERVICES" status "$name" >/dev/null 2>&1 && continue
        started+=("$name")
        "$SERVICES" up "$name"
    done
}

services_down() {
    [ "${#started[@]}" = 0 ] || "$SERVICES" down "${started[@]}" || true
    $flink_ran || "$FLINK" down || true
}

# The kernel gives each session its share of the CPU as one: ours, with all that it starts, goes before others.
go_first() {
    { echo -20 >/proc/self/autogroup; } 2>/dev/null || echo "$0: not allowed to go first; other sessions will disturb" >&2
}
