#!/usr/bin/env python3
"""bronze_test.py: examples/bronze/bronze.sql, the file as it is, from a real Kafka through a REST catalog to MinIO, killed by
kill -9 at random moments while both exchanges send. Afterwards three readers must find every message of the topics once,
byte for byte, with its origin.

  rest_on_s3a               tables and checkpoints on s3a://
  rest_on_s3_before_commit  tables on s3://, reached by the catalog's own options alone; checkpoints on a disk, so that it can
                            be killed between a checkpoint and its commit
  hadoop_on_s3a             the same file with another catalog
  embedded                  examples/bronze/run.sh: the same file without any service

3 kills over 200,000 messages, 2 and 1 over 60,000; with --soak 50, 20 and 10, over 20,000 for each kill, and services go down
too.
"""
import datetime
import os
import re
import subprocess
import time
import uuid

import confluent_kafka
import confluent_kafka.admin
import duckdb
import pyarrow as pa

import live
import readers
from crash_test import restart_service
from live import ROOT, Job, check

TOPICS = {"binance.raw": "bronze-binance", "kraken.raw": "bronze-kraken"}  # and the group that reads it
TABLES = {"binance.raw": "bronze_binance_trades", "kraken.raw": "bronze_kraken_trades"}
PARTITIONS = 3
CHECKPOINT_S = 10  # as the file says


class Exchanges:
    """Both topics, made anew, and the process that fills them."""

    log = "(the exchanges)"

    def __init__(self, run):
        self.run, self.process = run, None
        self.name = f"bronze-{uuid.uuid4().hex[:8]}"
        self.admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": run.services.kafka})
        self.forget(self.admin.delete_consumer_groups, list(TOPICS.values()))
        self.forget(self.admin.delete_topics, list(TOPICS))
        until = time.monotonic() + 30
        while set(TOPICS) & set(self.admin.list_topics(timeout=30).topics):
            check(time.monotonic() < until, "the topics of an earlier run do not go")
            time.sleep(0.2)
        run.jobs.append(self)

    @staticmethod
    def forget(delete, names):
        for future in delete(names).values():
            try:
                future.result(30)
            except confluent_kafka.KafkaException:
                pass  # it was not there

    def start(self, messages, rate):
        command = [self.run.build / "examples" / "bronze-exchanges", "--brokers", self.run.services.kafka, "--messages", messages,
                   "--rate", rate, "--partitions", PARTITIONS, "--seed", self.run.seed]
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        check(":" in self.process.stdout.readline(), "the exchanges do not begin")

    def finish(self):
        text = self.process.communicate(timeout=600)[0]
        check(self.process.returncode == 0, f"the exchanges: {text}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def tail(self, lines):
        return ""

    def consumer(self, group):
        return confluent_kafka.Consumer({"bootstrap.servers": self.run.services.kafka, "group.id": group,
                                         "enable.auto.commit": False, "enable.partition.eof": True})

    def lag(self, topic):
        """What the job's group has not committed yet."""
        consumer = self.consumer(TOPICS[topic])
        try:
            done = consumer.committed([confluent_kafka.TopicPartition(topic, p) for p in range(PARTITIONS)], timeout=30)
            return sum(consumer.get_watermark_offsets(t, timeout=30)[1] - max(t.offset, 0) for t in done)
        finally:
            consumer.close()

    def messages(self, topic):
        """All that is in a topic, as the table should have it."""
        consumer, rows, open_ends = self.consumer("weir-look"), [], set(range(PARTITIONS))
        consumer.assign([confluent_kafka.TopicPartition(topic, p, confluent_kafka.OFFSET_BEGINNING) for p in open_ends])
        while open_ends:
            for m in consumer.consume(10000, 1):
                if m.error() is None:
                    rows.append((m.value(), topic, m.partition(), m.offset(), m.timestamp()[1] * 1000))
                else:
                    check(m.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, str(m.error()))
                    open_ends.discard(m.partition())
        consumer.close()
        value, *origin = (list(column) for column in zip(*rows))
        arrays = [pa.array(value, pa.binary()).cast(pa.string())]
        arrays += [pa.array(c, t) for c, t in zip(origin, (pa.string(), pa.int32(), pa.int64(), pa.timestamp("us", "UTC")))]
        return pa.table(arrays, names=["raw_message", "topic", "partition", "offset", "kafka_time"])


class Bronze(Job):
    """bronze.sql as a process. What is where is told by override.* keys, as in production."""

    def __init__(self, run, topic, catalog, scheme, disk=False):
        """disk: checkpoints are kept there, and the store is known to the catalog alone."""
        self.run, self.topic, self.catalog, self.disk = run, topic, catalog, disk
        self.name, self.process, self.starts, self.supervised = topic.name, None, 0, False
        self.folder = run.folder / self.name
        self.folder.mkdir()
        run.jobs.append(self)
        self.log = self.folder / "log"
        self.tables, self.database = TABLES, "market_data"
        services = run.services
        self.warehouse = f"{scheme}://{services.bucket}/{self.name}"
        self.environment = {"TZ": "UTC"}
        self.settings = {
            "override.connector.kafka.properties.bootstrap.servers": services.kafka,
            "override.catalog.iceberg.uri": services.catalog if catalog == "rest" else "",
            "override.catalog.iceberg.warehouse": self.warehouse,
            "override.catalog.iceberg.s3.endpoint": services.s3,
            "override.catalog.iceberg.s3.access-key-id": services.access,
            "override.catalog.iceberg.s3.secret-access-key": services.secret,
            "execution.checkpointing.dir": f"file://{self.folder}/checkpoints",
        }
        if catalog == "hadoop":
            self.settings["override.catalog.iceberg.catalog-type"] = "hadoop"
        else:  # this REST catalog would lay all tables where it was told once, by s3://
            self.settings |= {f"override.table.{t}.location": f"{self.warehouse}/{t}" for t in TABLES.values()}
        if not disk:
            self.settings |= {"execution.checkpointing.dir": f"{self.warehouse}/checkpoints", "s3.endpoint": services.s3,
                              "s3.access-key": services.access, "s3.secret-key": services.secret, "s3.path-style-access": "true"}

    def command(self, options=()):
        words = [word for key, value in self.settings.items() for word in ("-D", f"{key}={value}")]
        file = str(ROOT / "examples" / "bronze" / "bronze.sql")
        return [str(self.run.build / "weir"), "run", "-p", "2", *words, *options, file]

    def catch_up(self, timeout=300):
        lags = {}

        def caught_up():
            lags.update({topic: self.topic.lag(topic) for topic in TOPICS})
            return not any(lags.values())

        try:
            self.wait(caught_up, "the job lags", timeout)
        except live.Failed as failed:
            raise live.Failed(f"{failed} {lags}") from None

    def kept(self):
        """Checkpoints that are complete, of a job that keeps them on a disk."""
        return {str(path) for path in (self.folder / "checkpoints").rglob("_metadata")}

    def wait_checkpoint(self, timeout=60):
        """Wait until the next one is complete, which is when its files are to be committed to the tables."""
        before, until = self.kept(), time.monotonic() + timeout
        while not self.kept() - before:
            check(self.running() and time.monotonic() < until, f"no checkpoint within {timeout} s")
            time.sleep(0.001)

    def rescued(self):
        """How often a start found files of a complete checkpoint that were not in a table yet."""
        starts = self.log.read_text(errors="replace").split("--- start")
        return sum(len(re.findall("is snapshot", text.partition(" runs: ")[0])) for text in starts)

    def drop_tables(self):
        """Of an earlier run: the database's name is the file's."""
        if self.catalog != "rest":
            return
        catalog = readers.rest_catalog(self)
        if (self.database,) in catalog.list_namespaces():
            for table in catalog.list_tables(self.database):
                catalog.drop_table(table)


# --- what the tables should hold --------------------------------------------------------------------------------------------

def compare(reader, topic, want, got, began, ended):
    """EXCEPT ALL both ways, and what only the job knows: when it took the message in."""
    for i, field in enumerate(got.schema):
        if pa.types.is_timestamp(field.type):  # Spark's have nanoseconds
            got = got.set_column(i, field.name, got.column(i).cast(pa.timestamp("us", "UTC")))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("want", want)
    connection.register("got", got)
    columns = ", ".join(f'"{c}"' for c in want.column_names)
    missing = connection.execute(f"SELECT {columns} FROM want EXCEPT ALL SELECT {columns} FROM got").fetchall()
    extra = connection.execute(f"SELECT {columns} FROM got EXCEPT ALL SELECT {columns} FROM want").fetchall()
    check(not missing and not extra,
          f"{reader} reads {got.num_rows} rows of {topic}, which has {want.num_rows} messages; {len(missing)} are missing: "
          f"{missing[:3]}; {len(extra)} are too many: {extra[:3]}")
    wrong = connection.execute(
        "SELECT count(*) FROM got WHERE NOT (ingested_at BETWEEN ? AND ?) OR ingested_at IS NULL OR "
        "ingestion_date IS DISTINCT FROM CAST(ingested_at AS DATE) OR ingested_at < kafka_time", [began, ended]).fetchone()[0]
    check(wrong == 0, f"{reader}: {wrong} rows of {topic} have a wrong ingested_at or ingestion_date")


def verify(job, began, names):
    ended = datetime.datetime.now(datetime.timezone.utc)
    want = {topic: job.topic.messages(topic) for topic in TOPICS}
    print({topic: f"{table.num_rows} messages, {table['raw_message'].null_count} tombstones" for topic, table in want.items()})
    for reader in names:
        clock = time.monotonic()
        got = readers.read(reader, job)
        for topic in TOPICS:
            compare(reader, topic, want[topic], got[topic], began, ended)
        print(f"{reader} agrees ({time.monotonic() - clock:.1f} s)", flush=True)
    for topic in TOPICS:
        table = readers.iceberg_table(job, topic)
        check(re.fullmatch(rf"{job.warehouse}/.*{TABLES[topic]}", table.location()), f"{topic} lies in {table.location()}")
        check([str(f.transform) for f in table.spec().fields] == ["identity"] and
              table.schema().find_column_name(table.spec().fields[0].source_id) == "ingestion_date",
              f"{topic} is partitioned by {table.spec()}")


# --- the cases ---------------------------------------------------------------------------------------------------------

def live_a_while(job, number):
    """Until long before a checkpoint, until one is about to come or is taken, and until after it, in turn; a job that keeps its
    checkpoints on a disk is killed between a checkpoint and what it commits to the tables."""
    if job.disk:
        job.wait_checkpoint()
        time.sleep(job.run.random.uniform(0, 0.03))
        return
    least, most = ((0.2, 5), (CHECKPOINT_S - 0.2, CHECKPOINT_S + 0.8), (CHECKPOINT_S + 0.8, CHECKPOINT_S + 6))[number % 3]
    time.sleep(job.run.random.uniform(least, most))


def crash(job, kills, services, messages=60_000, spark=False):
    """Kill and start the job while the topics fill; in a soak services go down with it."""
    run = job.run
    messages = 20_000 * kills if run.soak else messages
    job.drop_tables()
    job.supervised = True
    began = datetime.datetime.now(datetime.timezone.utc)
    job.topic.start(messages, messages // (kills * CHECKPOINT_S))
    for number in range(1, kills + 1):
        job.start()
        live_a_while(job, number)
        job.kill()
        if run.soak and number % 8 == 0:
            name = run.random.choice(services)
            print(f"kill {number}: the job and {name}", flush=True)
            restart_service(run, name)
    job.start()
    job.topic.finish()
    sent = time.monotonic()
    job.catch_up(timeout=600)
    job.stop()
    print(f"{kills} kills, {job.starts} starts, {job.rescued()} commits made up for; "
          f"{time.monotonic() - sent:.1f} s until all was committed", flush=True)
    verify(job, began, readers.READERS if run.soak or spark else ("pyiceberg", "duckdb"))


def rest_on_s3a(run):
    services = ["kafka", "minio", "iceberg-rest"]
    crash(Bronze(run, Exchanges(run), "rest", "s3a"), 50 if run.soak else 3, services, messages=200_000, spark=True)


def rest_on_s3_before_commit(run):
    crash(Bronze(run, Exchanges(run), "rest", "s3", disk=True), 20 if run.soak else 2, ["minio", "iceberg-rest"])


def hadoop_on_s3a(run):
    crash(Bronze(run, Exchanges(run), "hadoop", "s3a"), 10 if run.soak else 1, ["minio"])


def embedded(run):
    command = [ROOT / "examples" / "bronze" / "run.sh", "--messages", "80000", "--rate", "5000", "--seed", str(run.seed)]
    done = subprocess.run(command, env={**os.environ, "WEIR_BUILD": str(run.build)}, cwd=run.folder, capture_output=True,
                          text=True, timeout=300)
    check(done.returncode == 0, done.stdout + done.stderr)
    for table in TABLES.values():
        check(re.search(rf"^{table} +40000 rows$", done.stdout, re.M), done.stdout + done.stderr)


if __name__ == "__main__":
    live.main([rest_on_s3a, rest_on_s3_before_commit, hadoop_on_s3a, embedded])
