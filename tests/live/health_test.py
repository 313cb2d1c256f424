#!/usr/bin/env python3
"""health_test.py: the health job from a real Kafka to real catalogs and stores, judged by the oracle through three readers.

  rest_on_s3       Confluent Avro with a schema change half-way; REST catalog, tables and checkpoints on S3; consumer groups
  hadoop_local     JSON; hadoop catalog on local files; the operators' queries
  hadoop_on_s3a    hadoop catalog on s3a://
  lateness         default lateness: what comes late after a known watermark counts, fires again or is dropped
  metrics          every name of the configuration reference, with the labels it gives
  one_by_one       a job that is stopped and started again between parts of the topic
"""
import re
import time

import compare
import live
import oracle
import readers
from live import Job, Topic, check

FLUSH = "2026-03-01"  # after every window of the generator's days
MISTAKES = {"bad": 0.01, "bad_payloads": 0.01, "late": 0.02}


def registry_of(run, topic):
    return oracle.Registry(run.services.registry) if topic.form == "avro" else None


def verify(job, rules, phases=(), names=readers.READERS, queries=()):
    run, topic = job.run, job.topic
    tables, want = oracle.expected(run.services.kafka, topic.name, rules, registry_of(run, topic), phases)
    print(f"{topic.name}: {tables.records} records, {tables.samples} samples, {len(tables.errors)} errors, "
          f"{ {k: v.num_rows for k, v in want.items()} } rows, late: {dict(tables.late)}")
    for reader in names:
        began = time.monotonic()
        compare.compare_all(reader, tables, want, readers.read(reader, job, queries))
        print(f"{reader} agrees ({time.monotonic() - began:.1f} s)", flush=True)
    return tables, want


def run_queries(job):
    """The operators' guide's own questions, through DuckDB; Spark runs them where its tables are read."""
    connection = readers.duckdb_connection(job)
    for title, text in readers.queries("duckdb"):
        try:
            connection.execute(text.replace("health_catalog.health_db.", "")).fetchall()
        except Exception as error:
            raise live.Failed(f"query \"{title}\" in DuckDB: {error}") from error


def spark_queries(job):
    return [text.replace("health_catalog.health_db", f"health_catalog.{job.database}") for _, text in readers.queries("spark")]


ALL_COUNTS = oracle.Rules(87600, 87600, 87600)


def rest_on_s3(run):
    topic = Topic(run)
    print(topic.generate(count=2000000 // 10 if run.soak else 20000, flush=FLUSH, **MISTAKES))
    job = run.job(topic, catalog="rest", files="s3").start()
    job.catch_up()
    group = run.services.groups("--describe", "--group", job.group, "--timeout", "60000")
    lags = re.findall(rf"{topic.name}\s+\d+\s+\d+\s+\d+\s+(\d+)", group)
    check(lags == ["0"] * topic.partitions, f"kafka-consumer-groups says of {job.group}:\n{group}")
    job.stop()
    verify(job, ALL_COUNTS)


def hadoop_local(run):
    topic = Topic(run, partitions=3, form="json")
    print(topic.generate(count=8000, flush=FLUSH, **MISTAKES))
    job = run.job(topic).start()
    job.catch_up()
    job.stop()
    verify(job, ALL_COUNTS, queries=spark_queries(job))
    run_queries(job)


def hadoop_on_s3a(run):
    topic = Topic(run, partitions=1)
    print(topic.generate(count=8000, flush=FLUSH, **MISTAKES))
    job = run.job(topic, files="s3a").start()
    job.catch_up()
    job.stop()
    verify(job, ALL_COUNTS)


def lateness(run):
    """Between the phases the job has seen everything, so that its watermark is known when the late ones come."""
    topic = Topic(run, partitions=2)
    job = run.job(topic, environment=live.aggregates(1, 6, 12))
    phases = []
    topic.generate(count=6000, begin="2025-11-10", days=20.53)
    for share in (None, 1, 1):
        if share:
            topic.generate(count=300, begin="2025-11-30", days=0.4, late=share, late_hours=480, seed=run.seed + len(phases))
        if not job.running():
            job.start()
        job.catch_up()
        phases.append(topic.ends())
    topic.generate(count=0, flush=FLUSH)
    job.catch_up()
    job.stop()
    tables, _ = verify(job, oracle.Rules(1, 6, 12), phases, names=("pyiceberg", "duckdb"))
    check(all(tables.late[kind] > 100 for kind in ("day", "week")), f"hardly anything was late: {tables.late}")




# The names of the configuration reference with their labels. Those that count what must not happen (aggregation_errors,
# iceberg_commit_failures, kafka_connection_errors) appear when it does.
METRICS = {
    "flink_jobmanager_job_": ["uptime", "numRestarts", "lastCheckpointDuration", "lastCheckpointSize",
                              "numberOfCompletedCheckpoints", "numberOfFailedCheckpoints", "totalNumberOfCheckpoints"],
    "flink_taskmanager_job_task_": ["numRecordsIn", "numRecordsOut", "numRecordsInPerSecond", "numRecordsOutPerSecond",
                                    "numBytesIn", "numBytesOut", "currentInputWatermark", "currentOutputWatermark"],
    "flink_taskmanager_Status_": ["JVM_Memory_Heap_Used", "JVM_Memory_Heap_Max", "JVM_Memory_NonHeap_Used", "JVM_CPU_Load",
                                  "JVM_Threads_Count", "Network_TotalMemorySegments", "Network_AvailableMemorySegments"],
    "": ["valid_records{data_type", "invalid_records{data_type,error_type", "validation_errors_total{error_type",
         "deserialization_errors", "schema_evolution_events{schema_version", "processing_latency_bucket{data_type",
         "transformation_duration_bucket{operation", "kafka_to_flink_latency_bucket", "flink_to_iceberg_latency_bucket",
         "windows_processed{window_type", "records_aggregated{window_type,data_type", "window_latency_ms_bucket{window_type",
         "late_records{window_type", "iceberg_writes_total{table_name", "iceberg_write_duration_bucket{table_name",
         "iceberg_commit_duration_bucket{table_name", "iceberg_files_written{table_name", "iceberg_bytes_written{table_name",
         "kafka_consumer_lag{partition", "kafka_consumer_offset{partition", "kafka_consumer_committed_offset{partition",
         "kafka_fetch_latency_bucket"],
}


def metrics(run):
    topic = Topic(run)
    topic.generate(count=3000, bad=0.05, bad_payloads=0.05, late=0.05, flush=FLUSH)
    job = run.job(topic).start()
    job.catch_up()
    tables, want = oracle.expected(run.services.kafka, topic.name, ALL_COUNTS, registry_of(run, topic))
    series = job.metrics()
    missing = []
    for prefix, names in METRICS.items():
        for name in names:
            bare, _, labels = (prefix + name).partition("{")
            if not any(s.split("{")[0] == bare and all(f'{label}="' in s for label in labels.split(",") if label)
                       for s in series):
                missing.append(prefix + name)
    counted = {"valid_records": want["raw"].num_rows, "kafka_consumer_lag": 0,
               "deserialization_errors": sum(e[0] in ("deserialization", "unknown_schema") for e in tables.errors)}
    wrong = {name: (job.metric(name), value) for name, value in counted.items() if job.metric(name) != value}
    job.stop()
    check(not missing and not wrong, f"metrics are missing: {missing}; (metric, wanted): {wrong}")


def one_by_one(run):
    topic = Topic(run, partitions=2)
    job = run.job(topic, catalog="rest", files="local")
    for part in range(4):
        topic.generate(count=1000, begin=f"2025-11-{1 + 3 * part:02d}", days=3, seed=run.seed + part, **MISTAKES)
        job.start()
        job.catch_up()
        job.stop()
    topic.generate(count=0, flush=FLUSH)
    job.start()
    job.catch_up()
    job.stop()
    verify(job, ALL_COUNTS, names=("pyiceberg", "duckdb"))


if __name__ == "__main__":
    live.main([rest_on_s3, hadoop_local, hadoop_on_s3a, lateness, metrics, one_by_one])
