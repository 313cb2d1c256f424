# kafka.sh: Apache Kafka, one node that is broker and controller. Topics are not made by asking for them, so that tests see
# what a careful cluster would answer; the internal topics have few partitions, so that it starts quickly.
KAFKA_VERSION=3.9.1
KAFKA_CLUSTER_ID=d2Vpci1saXZlLXRlc3RzMQ

kafka_port() { echo "$WEIR_KAFKA_PORT"; }
kafka_env() { echo "export WEIR_TEST_KAFKA=127.0.0.1:$WEIR_KAFKA_PORT"; }
kafka_ready() { ! command -v kcat >/dev/null || kcat -b "127.0.0.1:$WEIR_KAFKA_PORT" -L -m 2 >/dev/null 2>&1; }

kafka_install() {
    need_java
    maven_libs kafka "org.apache.kafka:kafka_2.13:$KAFKA_VERSION" "org.apache.kafka:kafka-tools:$KAFKA_VERSION"
}

kafka_java() { # options and class
    java -Dlog4j.configuration="file:$HERE/kafka_log4j.properties" -cp "$WEIR_CACHE/maven/kafka/libs/*" "$@"
}

kafka_start() { # run folder
    local quorum="127.0.0.1:$WEIR_KAFKA_CONTROLLER_PORT" plain="127.0.0.1:$WEIR_KAFKA_PORT"
    cat >"$1/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$quorum
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://$plain,CONTROLLER://$quorum
advertised.listeners=PLAINTEXT://$plain
inter.broker.listener.name=PLAINTEXT
log.dirs=$1/data
num.partitions=2
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
transaction.max.timeout.ms=900000
message.max.bytes=33554432
P
    if [ ! -f "$1/data/meta.properties" ]; then
        kafka_java -Xmx128m kafka.tools.StorageTool format -t "$KAFKA_CLUSTER_ID" -c "$1/server.properties"
    fi
    exec java -Xms"$WEIR_KAFKA_HEAP" -Xmx"$WEIR_KAFKA_HEAP" -XX:+UseG1GC \
        -Dlog4j.configuration="file:$HERE/kafka_log4j.properties" \
        -cp "$WEIR_CACHE/maven/kafka/libs/*" kafka.Kafka "$1/server.properties"
}

kafka_tool() { # topics, groups, configs, offsets; then the tool's own options
    local class
    case ${1-} in
    topics) class=org.apache.kafka.tools.TopicCommand ;;
    groups) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
    configs) class=kafka.admin.ConfigCommand ;;
    offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
    *) die "there is no Kafka tool '${1-}'; there are: topics, groups, configs, offsets" ;;
    esac
    shift
    kafka_java -Xmx128m -XX:TieredStopAtLevel=1 "$class" --bootstrap-server "127.0.0.1:$WEIR_KAFKA_PORT" "$@"
}
