#!/usr/bin/env bash
# run.sh: bronze.sql as it is, without servers: a Kafka cluster that lives in a process, a warehouse in a folder. Only
# where things are is said otherwise, by override.* keys; half-way the job is killed by kill -9 and started again.
#
#   examples/bronze/run.sh [--messages N] [--rate N]     200,000 messages of both exchanges, 10,000 a second
#   WEIR_BUILD=DIR         where weir and bronze-exchanges were built (build/ of this tree; ./demo.sh --bronze builds)
# Writes ./bronze (in the folder it is called from), which every run begins anew.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
build=${WEIR_BUILD:-$here/../../build}
[ -x "$build/weir" ] && [ -x "$build/examples/bronze-exchanges" ] || {
    echo "run.sh: there is no weir in $build: build it first, or run ./demo.sh --bronze" >&2
    exit 1
}
rm -rf bronze
mkdir bronze
home=$PWD/bronze exchanges= job=
trap 'for pid in $job $exchanges; do kill "$pid" 2>/dev/null || true; done' EXIT

until_said() { # text, of the exchanges
    until grep -q "$1" bronze/exchanges; do
        kill -0 "$exchanges" 2>/dev/null || { cat bronze/exchanges; exit 1; }
        sleep 0.1
    done
}

# What another place wants, and nothing else: brokers, and a catalog of files instead of REST and S3.
start() {
    "$build/weir" run "$here/bronze.sql" \
        -D override.connector.kafka.properties.bootstrap.servers="$(head -n 1 bronze/exchanges)" \
        -D override.catalog.iceberg.catalog-type=hadoop \
        -D override.catalog.iceberg.uri= \
        -D override.catalog.iceberg.warehouse="$home/warehouse" \
        -D execution.checkpointing.dir="file://$home/checkpoints" \
        -D log.level=WARN &
    job=$!
}

"$build/examples/bronze-exchanges" --mock "$@" >bronze/exchanges 2>&1 &
exchanges=$!
until_said :
echo "== bronze.sql runs: two topics of an in-process Kafka at $(head -n 1 bronze/exchanges) into ./bronze/warehouse"
start
until compgen -G "bronze/checkpoints/*/*/_metadata" >/dev/null; do
    kill -0 "$job"
    sleep 0.1
done
sleep 3
echo "== kill -9 $job, three seconds after its first checkpoint; the same command again:"
kill -9 "$job"
wait "$job" 2>/dev/null || true
start
until_said "all are committed"
sleep 0.5 # of a short run all may be in the tables before it was killed
kill "$job"
wait "$job"
job=

echo
echo "== $(sed -n 2p bronze/exchanges); in the tables:"
for table in bronze_binance_trades bronze_kraken_trades; do
    printf '%-26s %s rows\n' $table "$("$build/weir" table --count bronze/warehouse/market_data/$table)"
done
echo
echo "== some rows (message, topic, partition, offset, Kafka's time, taken in at, on):"
for table in bronze_binance_trades bronze_kraken_trades; do
    "$build/weir" table --rows 2 bronze/warehouse/market_data/$table | sed -nE '/^\+I/s/(.{60}).*(\}, [^}]*)$/\1 ... \2/p'
done
echo
echo "== open them with DuckDB (pip install duckdb):"
echo "   INSTALL iceberg; LOAD iceberg; SET unsafe_enable_version_guessing = true;"
echo "   SELECT topic, \"partition\", count(*), count(DISTINCT \"offset\") AS different, max(\"offset\") + 1 AS sent"
echo "   FROM iceberg_scan('$home/warehouse/market_data/bronze_binance_trades') GROUP BY ALL;"
