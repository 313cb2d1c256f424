#!/usr/bin/env bash
# latency.sh: how long an event takes from Kafka through filter and projection to Kafka, at 5,000 events a second, in weir and
# in a bare librdkafka program, with --flink also in Flink 1.20.5; prints a table, appends JSON lines to a file.
# docs/benchmarks.md tells what is measured and how.
#
#   bench/sql/latency.sh [--build DIR] [--out FILE] [--small] [--flink] [further options: latency.py --help]
#
# Brings up Kafka, and Flink if asked for, as run.sh does.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out=bench-sql.jsonl
needed="weir bench/sql-load"
. "$HERE/../common/common.sh"
take_options "--seconds 10 --warm-up 5 --idle-wait 0" "$@"
go_first
services_up kafka
python3 "$HERE/latency.py" --build "$build" --out "$out" "${options[@]}"
python3 "$HERE/report.py" "$out"
