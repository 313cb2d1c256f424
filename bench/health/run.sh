#!/usr/bin/env bash
# run.sh: weir's health job against Flink 1.20.5, on one topic, in turn; prints a table, appends JSON lines to a file.
# docs/benchmarks.md tells what is measured and how.
#
#   bench/health/run.sh [--build DIR] [--out FILE] [--small] [further options: measure.py --help]
#
# Brings up Kafka, a schema registry (tests/live/services) and Flink (bench/flink), each on ports of its own, and stops
# at the end those that it started. WEIR_RUN, WEIR_CACHE and the ports may be set in the environment.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../.." && pwd)"
export WEIR_RUN="${WEIR_RUN:-${TMPDIR:-/tmp}/weir-bench-$(id -u)}" WEIR_KAFKA_PORT="${WEIR_KAFKA_PORT:-39092}"
export WEIR_REGISTRY_PORT="${WEIR_REGISTRY_PORT:-39085}" WEIR_KAFKA_HEAP="${WEIR_KAFKA_HEAP:-1g}"
SERVICES="$ROOT/tests/live/services/services.sh"
FLINK="$ROOT/bench/flink/flink.sh"
build="$ROOT/build" out="$ROOT/build/bench-health.jsonl" options=()

while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$2 && shift 2 ;;
    --out) out=$2 && shift 2 ;;
    --small) options+=(--count 20000 --rounds 1 --repeats 0 --idle-wait 0) && shift ;;
    -h | --help)
        sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
        exit
        ;;
    *) options+=("$1") && shift ;;
    esac
done
for file in weir examples/health.so examples/health-generator; do
    [ -e "$build/$file" ] || { echo "run.sh: $build/$file is not built" >&2 && exit 1; }
done

# A session has its share of the CPU as one: ours, with all that it starts, goes first.
{ echo -20 >/proc/self/autogroup; } 2>/dev/null || echo "run.sh: not allowed to go first; other sessions will disturb" >&2
started=() flink_ran=false
stop() {
    [ "${#started[@]}" = 0 ] || "$SERVICES" down "${started[@]}" || true
    $flink_ran || "$FLINK" down || true
}
! "$FLINK" status >/dev/null 2>&1 || flink_ran=true
trap stop EXIT
for name in kafka registry; do
    "$SERVICES" status "$name" >/dev/null 2>&1 && continue
    started+=("$name")
    "$SERVICES" up "$name"
done
mkdir -p "$(dirname "$out")"
python3 "$HERE/measure.py" --build "$build" --out "$out" "${options[@]}"
python3 "$HERE/report.py" "$out"
