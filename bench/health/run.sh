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
out=bench-health.jsonl
needed="weir examples/health.so examples/health-generator"
. "$HERE/../common/common.sh"
take_options "--count 20000 --rounds 1 --repeats 0 --idle-wait 0 --no-warm-up" "$@"
go_first
services_up kafka registry
python3 "$HERE/measure.py" --build "$build" --out "$out" "${options[@]}"
python3 "$HERE/report.py" "$out"
