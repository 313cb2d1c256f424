#!/usr/bin/env bash
# demo.sh: builds weir and shows the health job: payloads from Kafka into five Iceberg tables, exactly once.
#
#   ./demo.sh                        embedded: Kafka, registry and generator run inside the process; nothing else is needed
#   ./demo.sh --payloads N           how many payloads of 10 samples (100,000)
#   ./demo.sh --bronze               a Flink SQL file as it is instead, examples/bronze/bronze.sql: two topics into two
#                                    tables, with a kill -9 half-way; writes ./bronze
#   ./demo.sh --kafka HOST:PORT      the job alone, on real services; the rest of its settings come from the environment
#                                    (SCHEMA_REGISTRY_URL, ICEBERG_*, S3_*, CHECKPOINT_STORAGE: see README.md)
# Writes ./warehouse and ./checkpoints (in the folder it is called from), which an embedded run begins anew.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
payloads=100000 kafka='' bronze=false
while [ $# -gt 0 ]; do
    case $1 in
    --payloads) payloads=${2:?--payloads wants a number}; shift 2 ;;
    --bronze) bronze=true; shift ;;
    --kafka) kafka=${2:?--kafka wants HOST:PORT}; shift 2 ;;
    *) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"; exit 2 ;;
    esac
done

"$here/tools/setup.sh" build
cmake --preset release -S "$here" >/dev/null
cmake --build "$here/build" 2>&1 | tail -n 1
weir="$here/build/weir"

if $bronze; then
    exec "$here/examples/bronze/run.sh"
fi

if [ -n "$kafka" ]; then
    export KAFKA_BROKERS=$kafka
    exec "$weir" run --progress "$here/build/examples/health.so"
fi

rm -rf warehouse checkpoints
echo
echo "== $payloads payloads of 10 samples through an in-process Kafka into ./warehouse"
"$weir" run --progress "$here/build/examples/health_demo.so" -- --payloads "$payloads"
echo
echo "== the five tables"
for table in raw daily_agg weekly_agg monthly_agg errors; do
    printf '%-26s %s rows\n' "health_data_$table" "$("$weir" table --count "warehouse/health_db/health_data_$table")"
done
echo
echo "== some daily aggregates (user, type, day, window, min, max, avg, sum, count, stddev, first, last, records, updated)"
"$weir" table --rows 5 warehouse/health_db/health_data_daily_agg | sed '1,/^first rows/d'
echo
echo "== open them with DuckDB (pip install duckdb):"
echo "   INSTALL iceberg; LOAD iceberg; SET unsafe_enable_version_guessing = true;"
echo "   SELECT data_type, count(*), avg(value) FROM iceberg_scan('$PWD/warehouse/health_db/health_data_raw') GROUP BY ALL;"
echo
echo "Next: kill it while it runs (./demo.sh again, kill -9 the weir process, then start the same command): nothing is lost or"
echo "doubled. README.md tells how to point the job at your own Kafka, and ./test.sh runs the tests."
