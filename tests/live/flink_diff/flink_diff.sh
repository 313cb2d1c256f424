#!/usr/bin/env bash
# flink_diff.sh: the golden files of tests/sql in real Flink 1.20.5, in this process, without a cluster: expressions
# (.expr) and scripts (.test).
#
#   tests/live/flink_diff/flink_diff.sh [FILE...]             what differs from the golden files, as diff tells it; 1 when something does
#   tests/live/flink_diff/flink_diff.sh --record [FILE...]    write Flink's answers into the golden files
#
# Without files: all of them, in about fifteen minutes. A script's answers that are weir's own stay as they are (`~`).
# Needs a JDK and Maven. Flink comes from bench/flink/flink.sh, whose first use fetches it, Avro and Parquet from Maven.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../../.." && pwd)"
. "$ROOT/tests/live/services/lib.sh"
FORMATS="org.apache.flink:flink-sql-avro:1.20.0 org.apache.flink:flink-parquet:1.20.1
org.apache.parquet:parquet-hadoop:1.13.1 org.apache.parquet:parquet-avro:1.13.1" # the newest that Maven has
record=false
[ "${1-}" != --record ] || { record=true && shift; }
[ $# -gt 0 ] || set -- "$ROOT"/tests/sql/golden/*.expr "$ROOT"/tests/sql/golden/*.test
[ -d "$WEIR_CACHE/flink/home/lib" ] || "$ROOT/bench/flink/flink.sh" install
# shellcheck disable=SC2086
maven_libs flink_formats $FORMATS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
path="$(printf '%s:' "$WEIR_CACHE"/flink/home/lib/*.jar "$WEIR_CACHE"/maven/flink_formats/libs/*.jar)$work"
javac -cp "$path" -d "$work" "$HERE"/*.java

flink() { # class, arguments
    java -Xmx1200m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --add-opens=java.base/java.lang=ALL-UNNAMED \
        --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED \
        -cp "$path" -Dlog4j2.level=OFF -Dlog4j2.disable.jmx=true "$@" 2>"$work/err" ||
        { tail -20 "$work/err" >&2 && exit 1; }
}

differ=0
for file in "$@"; do
    new="$work/${file##*/}"
    if [ "${file##*.}" = test ]; then
        flink FlinkScript "$ROOT/tests/sql/golden/data" "$work" "$file"
    else
        { grep '^#' "$file" || true; } >"$new"
        flink FlinkDiff "$file" >>"$new"
    fi
    if $record; then
        cp "$new" "$file"
    else
        diff -I '^#' -B --label "$file" --label Flink -U1 "$file" "$new" || differ=1
    fi
done
exit $differ
