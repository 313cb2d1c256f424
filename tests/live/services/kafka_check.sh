#!/usr/bin/env bash
# kafka_check.sh BUILD: the Kafka source on a real broker. Brings Kafka up when WEIR_TEST_KAFKA is not set, runs
# BUILD/kafka_live_test, and looks with Kafka's own tool at the lag that the last test left behind: 75 of 100 committed.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
build=${1:?"the build folder is missing: kafka_check.sh BUILD"}
export WEIR_TEST_GROUP="weir-check-$$"

if [ -z "${WEIR_TEST_KAFKA-}" ]; then
    "$here/services.sh" up kafka
    eval "$("$here/services.sh" env)"
fi
"$build/kafka_live_test"
lag=$("$here/services.sh" tool groups --describe --group "$WEIR_TEST_GROUP" |
    awk -v group="$WEIR_TEST_GROUP" '$1 == group { print $4, $5, $6 }')
if [ "$lag" != "75 100 25" ]; then
    echo "kafka_check: the group should be at 75 of 100 with a lag of 25, but is at: $lag" >&2
    exit 1
fi
echo "kafka_check: the group's lag is as it should be"
