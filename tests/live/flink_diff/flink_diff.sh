#!/usr/bin/env bash
# flink_diff.sh: the golden expressions of tests/sql in real Flink 1.20.5, in this process, without a cluster.
#
#   tests/live/flink_diff/flink_diff.sh              what differs from the golden files, as diff tells it; 1 when something does
#   tests/live/flink_diff/flink_diff.sh --record     write Flink's answers into the golden files
#
# Needs a JDK. Flink comes from bench/flink/flink.sh, whose first use fetches it.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="$(cd "$HERE/../../.." && pwd)"
export WEIR_CACHE="${WEIR_CACHE:-$HOME/.cache/weir}"
record=false
[ "${1-}" != --record ] || { record=true && shift; }
[ $# -gt 0 ] || set -- "$ROOT"/tests/sql/golden/*.expr
[ -d "$WEIR_CACHE/flink/home/lib" ] || "$ROOT/bench/flink/flink.sh" install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
path="$(printf '%s:' "$WEIR_CACHE"/flink/home/lib/*.jar)$work"
javac -cp "$path" -d "$work" "$HERE/FlinkDiff.java"
differ=0
for file in "$@"; do
    java -Xmx900m -XX:+UseSerialGC -cp "$path" -Dlog4j2.level=OFF -Dlog4j2.disable.jmx=true FlinkDiff "$file" >"$work/out" 2>"$work/err" ||
        { tail -20 "$work/err" >&2 && exit 1; }
    if $record; then
        { grep '^#' "$file" || true; cat "$work/out"; } >"$work/new"
        mv "$work/new" "$file"
    else
        grep -v '^#' "$file" | sed '/^$/d' | diff - "$work/out" || differ=1
    fi
done
exit $differ
