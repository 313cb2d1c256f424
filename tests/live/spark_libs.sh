#!/usr/bin/env bash
# spark_libs.sh: fetches what Spark needs to read Iceberg tables on S3; prints the folder of the jars.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$HERE/services/lib.sh"
maven_libs spark org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.1 \
    org.apache.iceberg:iceberg-aws-bundle:1.10.1 org.apache.hadoop:hadoop-aws:3.3.4
echo "$WEIR_CACHE/maven/spark/libs"
