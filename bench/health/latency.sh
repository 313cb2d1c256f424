#!/usr/bin/env bash
# latency.sh: how long a sample takes from Kafka to the Iceberg table, at a steady rate, in weir and in Flink; prints a table,
# appends JSON lines to a file. docs/benchmarks.md tells what is measured and how.
#
#   bench/health/latency.sh [--build DIR] [--out FILE] [--small] [further options: latency.py --help]
#
# Brings up Kafka and Flink as run.sh does. Reads topics and tables with the Python of tools/setup.sh.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out=bench-health.jsonl
needed="weir examples/health.so examples/health-generator"
. "$HERE/../common/common.sh"
take_options "--seconds 10 --warm-up 2" "$@"
python="$WEIR_CACHE/venv/bin/python"
[ -x "$python" ] || { echo "$0: $python is missing: tools/setup.sh makes it" >&2 && exit 1; }
go_first
services_up kafka
"$python" "$HERE/latency.py" --build "$build" --out "$out" "${options[@]}"
python3 "$HERE/report.py" "$out"
