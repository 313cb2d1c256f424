#!/usr/bin/env bash
# flink.sh: Apache Flink 1.20.5 to measure against: a session cluster of one JobManager and one TaskManager on 127.0.0.1,
# with its SQL client, its Kafka connector and Iceberg. There is no tarball in package registries, so it is put together
# from PyPI (libraries; scripts and configuration) and Maven (SQL gateway, connectors).
#
#   flink.sh install       fetch and lay out what is missing; up does it too
#   flink.sh up            start, wait until all slots are free; prints the seconds it took
#   flink.sh down          stop both processes, by pid
#   flink.sh restart       down and up
#   flink.sh status        pids and memory; fails unless both run
#   flink.sh pids          "jobmanager PID" and "taskmanager PID"
#   flink.sh sql FILE      run a file of SQL statements with the SQL client
#   flink.sh env           export lines: FLINK_HOME, FLINK_CONF_DIR, WEIR_FLINK_REST
#
# May be set in the environment:
#   WEIR_CACHE             what was fetched, shared by all runs        (~/.cache/weir)
#   WEIR_RUN               logs, configuration, pids, checkpoints      (/tmp/weir-services-UID)
#   WEIR_FLINK_PORT        REST; JobManager RPC and others lie above it (26181)
#   WEIR_FLINK_SLOTS       (2)
#   WEIR_FLINK_JM_MEMORY   process size (1600m, as Flink ships)
#   WEIR_FLINK_TM_MEMORY   process size (1728m, as Flink ships)
#   WEIR_FLINK_MANAGED     share of it that is managed memory (0.4, as Flink ships; a heap state backend has no use for it)
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$HERE/../../tests/live/services/lib.sh"
say() { echo "flink: $*" >&2; }

FLINK_VERSION=1.20.5
GATEWAY_VERSION=1.20.3 # the newest that Maven has
JARS="org.apache.flink:flink-connector-kafka:3.4.0-1.20 org.apache.kafka:kafka-clients:3.4.0
org.apache.iceberg:iceberg-flink-runtime-1.20:1.10.1 org.apache.hadoop:hadoop-client-api:3.3.6
org.apache.hadoop:hadoop-client-runtime:3.3.6 commons-logging:commons-logging:1.1.3
com.globalmentor:hadoop-bare-naked-local-fs:0.1.0"
# The last: local files for Hadoop without its native library, which registries do not have. Hadoop's own class then
# forks a chmod for each file it makes; that would be held against Flink.
GATEWAY="org.apache.flink:flink-sql-gateway:$GATEWAY_VERSION org.apache.flink:flink-sql-gateway-api:$GATEWAY_VERSION"

PARTS="$FLINK_VERSION $JARS $GATEWAY"

: "${WEIR_FLINK_PORT:=26181}" "${WEIR_FLINK_SLOTS:=2}" "${WEIR_FLINK_JM_MEMORY:=1600m}" "${WEIR_FLINK_TM_MEMORY:=1728m}"
: "${WEIR_FLINK_MANAGED:=0.4}"
DIR="$WEIR_CACHE/flink"
RUN="$WEIR_RUN/flink"
REST="http://127.0.0.1:$WEIR_FLINK_PORT"
export FLINK_HOME="$DIR/home" FLINK_CONF_DIR="$RUN/conf" FLINK_PID_DIR="$RUN/pids" FLINK_LOG_DIR="$RUN/log"
export FLINK_IDENT_STRING=weir-bench

# --- install ------------------------------------------------------------------------------------------------------------

# The libraries are a source distribution: pip can only tell its name with wheel and setuptools at hand.
fetch_python() {
    local venv="$DIR/venv"
    mkdir -p "$DIR/dl"
    if [ ! -f "$DIR/dl/apache_flink_libraries-$FLINK_VERSION.tar.gz" ]; then
        say "fetching the libraries from PyPI (230 MB)"
        python3 -m venv "$venv" && "$venv/bin/pip" -q install wheel setuptools
        "$venv/bin/pip" -q download --no-deps --no-build-isolation --no-binary :all: -d "$DIR/dl" \
            "apache-flink-libraries==$FLINK_VERSION" >&2 || die "PyPI did not give apache-flink-libraries $FLINK_VERSION"
        rm -rf "$venv"
    fi
    if ! ls "$DIR/dl/apache_flink-$FLINK_VERSION"-*.whl >/dev/null 2>&1; then
        python3 -m venv "$venv"
        "$venv/bin/pip" -q download --no-deps --only-binary :all: --python-version 3.10 --platform manylinux2014_x86_64 \
            -d "$DIR/dl" "apache-flink==$FLINK_VERSION" >&2 || die "PyPI did not give apache-flink $FLINK_VERSION"
        rm -rf "$venv"
    fi
}

# Jars alone, without what they depend on, into a folder.
fetch_jars() { # folder, coordinates...
    local into=$1 coordinate group artifact version
    shift
    mkdir -p "$DIR/tmp"
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo '<groupId>weir</groupId><artifactId>flink</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
        for coordinate in "$@"; do
            IFS=: read -r group artifact version <<<"$coordinate"
            echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version>"
            echo '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>'
        done
        echo '</dependencies></project>'
    } >"$DIR/tmp/pom.xml"
    (cd "$DIR/tmp" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory="$into") >&2 ||
        die "Maven could not fetch $* (see above)"
}

# The SQL client takes one jar of the gateway only: both in one.
merge_jars() { # result, jars...
    python3 - "$@" <<'P'
import sys, zipfile
seen = set()
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as out:
    for jar in sys.argv[2:]:
        with zipfile.ZipFile(jar) as one:
            for name in one.namelist():
                if name not in seen:
                    seen.add(name)
                    out.writestr(name, one.read(name))
P
}

install() {
    [ "$(cat "$DIR/home/complete" 2>/dev/null)" != "$PARTS" ] || return 0
    need python3 python3-venv
    need curl curl
    need_java
    need mvn maven
    fetch_python
    rm -rf "$DIR/home" "$DIR/part"
    mkdir -p "$DIR/part"
    tar -xzf "$DIR/dl/apache_flink_libraries-$FLINK_VERSION.tar.gz" -C "$DIR/part" --strip-components=2 \
        "apache_flink_libraries-$FLINK_VERSION/deps"
    python3 -m zipfile -e "$DIR/dl/apache_flink-$FLINK_VERSION"-*.whl "$DIR/part/wheel"
    cp -r "$DIR/part/wheel/pyflink/bin/." "$DIR/part/bin/"
    cp -r "$DIR/part/wheel/pyflink/conf" "$DIR/part/"
    chmod +x "$DIR"/part/bin/*
    say "fetching connectors and the SQL gateway"
    # shellcheck disable=SC2086
    fetch_jars "$DIR/part/lib" $JARS
    # shellcheck disable=SC2086
    fetch_jars "$DIR/part/gateway" $GATEWAY
    merge_jars "$DIR/part/opt/flink-sql-gateway-$GATEWAY_VERSION.jar" "$DIR"/part/gateway/*.jar
    rm -rf "$DIR/part/wheel" "$DIR/part/gateway" "$DIR/tmp"
    echo "$PARTS" >"$DIR/part/complete"
    mv "$DIR/part" "$DIR/home"
}

# --- the cluster ----------------------------------------------------------------------------------------------------------

# Flink's own configuration (it has what Java 17 must be told), then what is ours: a later value of a key would be refused,
# so the sections that are ours are taken out.
configure() {
    mkdir -p "$FLINK_CONF_DIR" "$FLINK_PID_DIR" "$FLINK_LOG_DIR" "$RUN/checkpoints" "$RUN/tmp"
    cp "$FLINK_HOME"/conf/* "$FLINK_CONF_DIR/"
    {
        awk '/^[a-z]/ { ours = !/^env:/ } !ours && !/^#/' "$FLINK_HOME/conf/config.yaml"
        cat <<Y
jobmanager:
  bind-host: 127.0.0.1
  rpc:
    address: 127.0.0.1
    port: $((WEIR_FLINK_PORT + 1))
  memory:
    process:
      size: $WEIR_FLINK_JM_MEMORY
  execution:
    failover-strategy: region
blob:
  server:
    port: $((WEIR_FLINK_PORT + 2))
taskmanager:
  bind-host: 127.0.0.1
  host: 127.0.0.1
  rpc:
    port: $((WEIR_FLINK_PORT + 3))
  data:
    port: $((WEIR_FLINK_PORT + 4))
  numberOfTaskSlots: $WEIR_FLINK_SLOTS
  memory:
    process:
      size: $WEIR_FLINK_TM_MEMORY
    managed:
      fraction: $WEIR_FLINK_MANAGED
rest:
  address: 127.0.0.1
  bind-address: 127.0.0.1
  port: $WEIR_FLINK_PORT
parallelism:
  default: $WEIR_FLINK_SLOTS
execution:
  checkpointing:
    dir: file://$RUN/checkpoints
    incremental: true
flink:
  hadoop:
    fs:
      file:
        impl: com.globalmentor.apache.hadoop.fs.BareLocalFileSystem
metrics:
  fetcher:
    update-interval: 500
io:
  tmp:
    dirs: $RUN/tmp
Y
    } >"$FLINK_CONF_DIR/config.yaml"
}

# Prints the pid of a process that runs and is ours: one of Flink's with our configuration folder.
pid_of() { # jobmanager or taskmanager
    local daemon pid
    case $1 in jobmanager) daemon=standalonesession ;; *) daemon=taskexecutor ;; esac
    pid=$(tail -1 "$FLINK_PID_DIR/flink-$FLINK_IDENT_STRING-$daemon.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && grep -zqxF -- "$FLINK_CONF_DIR" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

free_slots() { curl -s -m 2 "$REST/overview" 2>/dev/null | sed -n 's/.*"slots-available":\([0-9]*\).*/\1/p'; }

up() {
    local i began
    if pid_of jobmanager >/dev/null && pid_of taskmanager >/dev/null; then
        say "runs already"
        return
    fi
    install
    down
    ! port_open "$WEIR_FLINK_PORT" || die "port $WEIR_FLINK_PORT is taken; set WEIR_FLINK_PORT"
    configure
    began=$(date +%s%N)
    "$FLINK_HOME/bin/jobmanager.sh" start >"$RUN/start.log" 2>&1
    "$FLINK_HOME/bin/taskmanager.sh" start >>"$RUN/start.log" 2>&1
    for ((i = 0; i < 1200; i++)); do
        if [ "$(free_slots)" = "$WEIR_FLINK_SLOTS" ]; then
            say "up on $REST"
            echo "$((($(date +%s%N) - began) / 1000000))" | sed 's/...$/.&/; s/^\./0./'
            return
        fi
        sleep 0.1
    done
    tail -n 20 "$FLINK_LOG_DIR"/*.log >&2
    down
    die "Flink did not come up; its logs are in $FLINK_LOG_DIR"
}

down() {
    local what pid i
    for what in taskmanager jobmanager; do
        pid=$(pid_of $what) || continue
        kill "$pid" 2>/dev/null || true
        for ((i = 0; i < 200; i++)); do
            pid_of $what >/dev/null || break
            sleep 0.1
        done
        if pid_of $what >/dev/null; then
            kill -9 "$pid" 2>/dev/null || true
            sleep 0.2
        fi
    done
    rm -rf "$FLINK_PID_DIR"
}

pids() {
    local what pid
    for what in jobmanager taskmanager; do
        pid=$(pid_of $what) || die "the $what does not run"
        echo "$what $pid"
    done
}

sql() {
    pids >/dev/null
    exec "$FLINK_HOME/bin/sql-client.sh" -f "$1"
}

case ${1-} in
install) install ;;
up) up ;;
down) down ;;
restart) down && up ;;
pids) pids ;;
status) pids | while read -r what pid; do echo "$what: up, pid $pid, $(($(ps -o rss= -p "$pid") / 1024)) MiB"; done ;;
sql)
    [ $# = 2 ] && [ -r "$2" ] || die "sql wants a file"
    sql "$2"
    ;;
env) printf 'export FLINK_HOME=%q FLINK_CONF_DIR=%q WEIR_FLINK_REST=%q\n' "$FLINK_HOME" "$FLINK_CONF_DIR" "$REST" ;;
*)
    sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "${BASH_SOURCE[0]}"
    exit 2
    ;;
esac
