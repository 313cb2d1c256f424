#!/usr/bin/env python3
"""kafka_sql_test.py: connector kafka in SQL on a real broker, judged by another client.

  metadata       every metadata column is read, and what can be written arrives: headers, timestamp, topic
  tombstones     messages without value are no errors: they are left out, or rows of NULL (raw)
  failure        'on-error' = 'fail' names topic, partition, offset and what is there
  dead_letters   kill -9 at random moments: each record once, in its table or among the dead letters
  at_least_once  kill -9 of a job from topic to topic: nothing is lost
  upsert         by key from topic to topic, tombstones too

3 kills; with --soak 30.
"""
import json
import time
import uuid

import confluent_kafka
import confluent_kafka.admin

import live
from live import Job, check


class Topics:
    """Topics of one case, with a producer and a look at what is in them."""

    def __init__(self, run):
        self.run, self.mark = run, uuid.uuid4().hex[:8]
        self.admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": run.services.kafka})
        self.producer = confluent_kafka.Producer({"bootstrap.servers": run.services.kafka, "linger.ms": 5})
        self.partitions = {}

    def make(self, word, partitions=1):
        name = f"{word}-{self.mark}"
        for future in self.admin.create_topics([confluent_kafka.admin.NewTopic(name, partitions, 1)]).values():
            future.result(30)
        self.partitions[name] = partitions
        return name

    def put(self, topic, value, **more):
        self.producer.produce(topic, value, **more)
        self.producer.poll(0)

    def consumer(self, group="weir-look"):
        return confluent_kafka.Consumer({"bootstrap.servers": self.run.services.kafka, "group.id": group,
                                         "enable.auto.commit": False, "enable.partition.eof": True})

    def messages(self, topic):
        consumer, found, open_ends = self.consumer(), [], set(range(self.partitions[topic]))
        consumer.assign([confluent_kafka.TopicPartition(topic, p, confluent_kafka.OFFSET_BEGINNING) for p in open_ends])
        while open_ends:
            for m in consumer.consume(10000, 1):
                if m.error() is None:
                    found.append(m)
                else:
                    check(m.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, str(m.error()))
                    open_ends.discard(m.partition())
        consumer.close()
        return found

    def lag(self, topic, group):
        consumer = self.consumer(group)
        try:
            wanted = [confluent_kafka.TopicPartition(topic, p) for p in range(self.partitions[topic])]
            done = consumer.committed(wanted, timeout=30)
            return sum(consumer.get_watermark_offsets(t, timeout=30)[1] - max(t.offset, 0) for t in done)
        finally:
            consumer.close()


class Script(Job):
    """A file of SQL as a job."""

    def __init__(self, run, topics, text):
        self.run, self.topics = run, topics
        self.name, self.process, self.starts, self.supervised = f"sql-{topics.mark}-{len(run.jobs)}", None, 0, False
        self.folder = run.folder / self.name
        self.folder.mkdir()
        run.jobs.append(self)
        self.log, self.file = self.folder / "log", self.folder / "job.sql"
        self.environment = {"TZ": "UTC"}
        self.file.write_text(text.replace("$brokers", run.services.kafka).replace("$work", str(self.folder))
                             .replace("$group", self.name))

    def command(self, options=()):
        return [str(self.run.build / "weir"), "run", "-p", "2", "-D", f"execution.checkpointing.dir=file://{self.folder}/state",
                "-D", "execution.checkpointing.interval=500ms", *options, str(self.file)]

    def finish(self, code=0, timeout=60):
        self.start()
        got = self.ended(timeout)
        check(got == code, f"exit code {got}, not {code}: {self.tail(8)}")

    def crash(self, source, fill, kills):
        """fill(n) puts the nth part of the records; the job is killed while they come."""
        self.supervised = True
        for number in range(kills):
            self.start()
            time.sleep(self.run.random.uniform(0, 1.5))
            fill(number)
            time.sleep(self.run.random.uniform(0, 0.8))
            self.kill()
        fill(kills)
        self.start()
        self.wait(lambda: self.topics.lag(source, self.name) == 0, "the job lags", 120)
        self.stop()
        print(f"{kills} kills, {self.starts} starts", flush=True)


OPTIONS = "'connector' = 'kafka', 'properties.bootstrap.servers' = '$brokers'"
BOUNDED = f"{OPTIONS}, 'properties.group.id' = '$group', 'scan.startup.mode' = 'earliest-offset', " \
          "'scan.bounded.mode' = 'latest-offset'"
ENDLESS = f"{OPTIONS}, 'properties.group.id' = '$group', 'scan.startup.mode' = 'earliest-offset'"


# --- metadata ---------------------------------------------------------------------------------------------------------


def metadata(run):
    topics = Topics(run)
    source, one, two = topics.make("in", 2), topics.make("one"), topics.make("two")
    topics.put(source, b'{"id": 1}', partition=1, timestamp=1_700_000_000_123,
               headers=[("trace", b"first"), ("none", None), ("trace", b"last \xff")])
    topics.put(source, b'{"id": 2}', partition=1, timestamp=1_700_000_001_000)
    topics.producer.flush(30)
    Script(run, topics, f"""
CREATE TABLE source (id INT, `partition` BIGINT METADATA VIRTUAL, `offset` BIGINT METADATA VIRTUAL,
  topic STRING METADATA VIRTUAL, ts TIMESTAMP(3) METADATA FROM 'timestamp', kind STRING METADATA FROM 'timestamp-type' VIRTUAL,
  headers MAP<STRING, BYTES> METADATA)
  WITH ({BOUNDED}, 'topic' = '{source}', 'format' = 'json');
CREATE TABLE sink (id INT, p BIGINT, o BIGINT, t STRING, k STRING, n INT, topic STRING METADATA,
  `time` TIMESTAMP(3) METADATA FROM 'timestamp', headers MAP<STRING, BYTES> METADATA)
  WITH ({OPTIONS}, 'topic' = '{one};{two}', 'format' = 'json');
INSERT INTO sink SELECT id, `partition`, `offset`, topic, kind, CARDINALITY(headers),
  IF(id = 1, '{one}', '{two}'), ts + INTERVAL '1' SECOND, headers FROM source;
""").finish()
    (first,), (second,) = topics.messages(one), topics.messages(two)
    check(json.loads(first.value()) == {"id": 1, "p": 1, "o": 0, "t": source, "k": "CreateTime", "n": 2}, first.value())
    check(json.loads(second.value()) == {"id": 2, "p": 1, "o": 1, "t": source, "k": "CreateTime", "n": 0}, second.value())
    check(first.timestamp() == (confluent_kafka.TIMESTAMP_CREATE_TIME, 1_700_000_001_123), str(first.timestamp()))
    check(second.timestamp()[1] == 1_700_000_002_000, str(second.timestamp()))
    check(first.headers() == [("trace", b"last \xff")], f"a header without value is not written: {first.headers()}")
    check(not second.headers(), str(second.headers()))


# --- what has no value ------------------------------------------------------------------------------------------------


def tombstones(run):
    for form, value, rows in (("json", b'{"a": "x"}', 1), ("csv", b"x", 1), ("avro", b"\x02\x02x", 1),
                              ("debezium-json", b'{"after": {"a": "x"}, "op": "c"}', 1), ("raw", b"x", 3)):
        topics = Topics(run)
        source, sink = topics.make(f"in-{form}"), topics.make("out")
        for payload in (None, value, None):
            topics.put(source, payload, key=b"k")
        topics.producer.flush(30)
        changes = "debezium-json" if form == "debezium-json" else "json"
        Script(run, topics, f"""
CREATE TABLE source (a STRING, o BIGINT METADATA FROM 'offset' VIRTUAL) WITH ({BOUNDED}, 'topic' = '{source}', 'format' = '{form}');
CREATE TABLE sink (a STRING, o BIGINT) WITH ({OPTIONS}, 'topic' = '{sink}', 'format' = '{changes}');
INSERT INTO sink SELECT a, o FROM source;
""").finish()
        got = topics.messages(sink)
        check(len(got) == rows, f"{form}: {[m.value() for m in got]}")


def failure(run):
    topics = Topics(run)
    source = topics.make("in", 2)
    topics.put(source, b'{"a": 1}', partition=1)
    topics.put(source, b'{"a": \x01\xff', partition=1)
    topics.producer.flush(30)
    job = Script(run, topics, f"""
CREATE TABLE source (a INT) WITH ({BOUNDED}, 'topic' = '{source}', 'format' = 'json');
CREATE TABLE sink (a INT) WITH ('connector' = 'blackhole');
INSERT INTO sink SELECT a FROM source;
""")
    job.finish(code=1)
    check(job.said(f"a record of topic {source}, partition 1, offset 1, cannot be read",
                   'it begins with: {"a": \\x01\\xff; set \'on-error\' to skip or dead-letter'), job.tail(5))


# --- crashes ----------------------------------------------------------------------------------------------------------


def rows_of(folder):
    """The rows of an Iceberg table's newest snapshot, by Arrow."""
    import pyiceberg.table
    metadata = folder / "metadata"
    newest = max(metadata.glob("v*.metadata.json"), key=lambda p: int(p.name.split(".")[0][1:]))
    return pyiceberg.table.StaticTable.from_metadata(str(newest)).scan().to_arrow().to_pylist()


def dead_letters(run):
    topics, kills = Topics(run), 30 if run.soak else 3
    source = topics.make("in", 3)
    job = Script(run, topics, f"""
SET 'pipeline.name' = '{source}';
CREATE CATALOG lake WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', 'warehouse' = '$work/lake');
CREATE DATABASE IF NOT EXISTS lake.db;
CREATE TABLE IF NOT EXISTS lake.db.good (id BIGINT, `offset` BIGINT);
CREATE TABLE IF NOT EXISTS lake.db.bad (raw_payload STRING, raw_key STRING, error_type STRING, error_message STRING,
  error_timestamp TIMESTAMP(6), error_date DATE, kafka_topic STRING, kafka_partition INT, kafka_offset BIGINT,
  kafka_timestamp TIMESTAMP(6), table_name STRING, user_id STRING);
CREATE TABLE source (id BIGINT, `offset` BIGINT METADATA)
  WITH ({ENDLESS}, 'topic' = '{source}', 'format' = 'json', 'on-error' = 'dead-letter', 'dead-letter.table' = 'lake.db.bad');
INSERT INTO lake.db.good SELECT id, `offset` FROM source;
""")
    part, number = 4000, [0]

    def fill(_):
        for _ in range(part):
            n = number[0]
            text = f"{{broken {n}" if n % 10 == 3 else f'{{"id": {n}}}'
            topics.put(source, text.encode(), key=str(n).encode())
            number[0] += 1
        topics.producer.flush(60)

    job.crash(source, fill, kills)
    good, bad = rows_of(job.folder / "lake/db/good"), rows_of(job.folder / "lake/db/bad")
    want = {n for n in range(number[0])}
    check(sorted(r["id"] for r in good) == sorted(n for n in want if n % 10 != 3), f"{len(good)} good rows of {number[0]}")
    check(sorted(int(r["raw_payload"].split()[1]) for r in bad) == sorted(n for n in want if n % 10 == 3), f"{len(bad)} dead letters")
    letter = bad[0]
    there = {(m.partition(), m.offset()): m for m in topics.messages(source)}
    origin = there[letter["kafka_partition"], letter["kafka_offset"]]
    check(origin.value().decode() == letter["raw_payload"] and origin.key().decode() == letter["raw_key"] and
          letter["kafka_topic"] == source and letter["error_type"] == "deserialization" and letter["error_message"] and
          letter["table_name"] == "default_catalog.default_database.source" and letter["user_id"] is None and
          letter["error_date"] == letter["error_timestamp"].date(), str(letter))


def at_least_once(run):
    topics, kills = Topics(run), 30 if run.soak else 3
    source, sink = topics.make("in", 3), topics.make("out", 2)
    job = Script(run, topics, f"""
SET 'pipeline.name' = '{source}';
CREATE TABLE source (id BIGINT) WITH ({ENDLESS}, 'topic' = '{source}', 'format' = 'json');
CREATE TABLE sink (id BIGINT) WITH ({OPTIONS}, 'topic' = '{sink}', 'format' = 'json', 'key.format' = 'raw', 'key.fields' = 'id');
INSERT INTO sink SELECT id FROM source;
""")
    part = 20000

    def fill(number):
        for n in range(number * part, (number + 1) * part):
            topics.put(source, f'{{"id": {n}}}'.encode(), key=str(n).encode())
        topics.producer.flush(60)

    job.crash(source, fill, kills)
    got = [json.loads(m.value())["id"] for m in topics.messages(sink)]
    missing = set(range((kills + 1) * part)) - set(got)
    check(not missing, f"{len(missing)} records are lost, such as {sorted(missing)[:5]}")
    print(f"{len(got)} messages of {(kills + 1) * part} records", flush=True)


def upsert(run):
    topics = Topics(run)
    source, sink = topics.make("in", 2), topics.make("out", 2)
    for n in range(100):
        value = None if n % 3 == 0 else json.dumps({"id": n % 10, "name": f"name {n}"}).encode()
        topics.put(source, value, key=json.dumps({"id": n % 10}).encode())
    topics.producer.flush(30)
    table = f"'connector' = 'upsert-kafka', 'properties.bootstrap.servers' = '$brokers', 'key.format' = 'json', 'value.format' = 'json'"
    Script(run, topics, f"""
CREATE TABLE source (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
  WITH ({table}, 'topic' = '{source}', 'scan.bounded.mode' = 'latest-offset');
CREATE TABLE sink (name STRING, id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ({table}, 'topic' = '{sink}');
INSERT INTO sink SELECT UPPER(name), id FROM source WHERE id <> 7;
""").finish()

    def last(topic):
        rows = {}
        for m in topics.messages(topic):
            rows[json.loads(m.key())["id"]] = json.loads(m.value())["name"] if m.value() else None
        return rows

    want = {key: name and name.upper() for key, name in last(source).items() if key != 7}
    check(last(sink) == want, f"{last(sink)}, not {want}")


if __name__ == "__main__":
    live.main([metadata, tombstones, failure, dead_letters, at_least_once, upsert])
