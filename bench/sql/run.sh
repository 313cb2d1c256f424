#!/usr/bin/env bash
# run.sh: SQL jobs by weir, by Flink 1.20.5 and by bare librdkafka programs, in turn; prints tables, appends JSON lines to a
# file. docs/benchmarks.md tells what is measured and how.
#
#   bench/sql/run.sh [--build DIR] [--out FILE] [--small] [further options: measure.py --help]
#
# Brings up Kafka (tests/live/services) and Flink (bench/flink), each on ports of its own, and stops at the end those that it
# started. WEIR_RUN, WEIR_CACHE and the ports may be set in the environment.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out=bench-sql.jsonl
needed="weir bench/sql-load"
. "$HERE/../common/common.sh"
take_options "--trades 300000 --events 200000 --nexmark 200000 --rounds 1 --repeats 0 --idle-wait 0 --starts 5 --plans 20 --no-warm-up" "$@"
go_first
services_up kafka
python3 "$HERE/measure.py" --build "$build" --out "$out" "${options[@]}"
python3 "$HERE/report.py" "$out"
