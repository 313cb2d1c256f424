#!/usr/bin/env python3
"""settings_test.py: every environment variable of the health job: a wrong value is named before anything starts, a right one
does what the configuration reference says.

  wrong_values   no service is asked for anything
  limits         names of tables, limits of validation, latest, parallelism, JSON logs, no metrics: against the oracle
  strict, unchecked   VALIDATION_STRICT_MODE=true, VALIDATION_ENABLED=false
  no_offsets     KAFKA_AUTO_OFFSET_RESET=none
  basic_auth     a registry that wants a user
"""
import json
import subprocess
import urllib.error

import compare
import live
import oracle
import readers
from live import Failed, Topic, check

FLAG, NAME = "neither true nor false", None


def number(least, most):
    return [("ten", "is not a whole number"), ("", None), (str(least - 1), "is out of range"), (str(most + 1), "is out of range"),
            ("1.5", "is not a whole number")]


def choice(*words):
    return [("nonsense", f"is not one of {'|'.join(words)}")]


# Name -> [(value, what is said of it)]: value None means unset, said None that it is fine (an empty one is as one unset).
REQUIRED = [(None, "is not set, but required"), ("", "is not set, but required")]
FLAGS = [("yes", FLAG), ("1", FLAG), ("TRUE", None)]
FREE = []
DAY_MS = 86_400_000
VARIABLES = {
    "KAFKA_BROKERS": REQUIRED, "KAFKA_TOPIC": FREE, "KAFKA_GROUP_ID": FREE,
    "KAFKA_AUTO_OFFSET_RESET": choice("earliest", "latest", "none"),
    "KAFKA_PARTITION_DISCOVERY_INTERVAL": number(0, DAY_MS), "KAFKA_ENABLE_AUTO_COMMIT": FLAGS,
    "KAFKA_SESSION_TIMEOUT": number(1000, 3_600_000), "KAFKA_REQUEST_TIMEOUT": number(1000, 300_000),
    "KAFKA_FETCH_MIN_BYTES": number(1, 100_000_000), "KAFKA_FETCH_MAX_WAIT": number(0, 300_000),
    "KAFKA_MAX_PARTITION_FETCH_BYTES": number(1, 1_000_000_000),
    "SCHEMA_REGISTRY_URL": REQUIRED, "SCHEMA_REGISTRY_BASIC_AUTH_USER": [("somebody", "one is set without the other")],
    "SCHEMA_REGISTRY_BASIC_AUTH_PASSWORD": [("secret", "one is set without the other")],
    "SCHEMA_REGISTRY_SSL_ENABLED": FLAGS[:2] + [("true", "begins with http://")],
    "ICEBERG_CATALOG_TYPE": choice("hadoop", "hive", "rest"), "ICEBERG_CATALOG_NAME": FREE, "ICEBERG_WAREHOUSE": REQUIRED,
    "ICEBERG_CATALOG_URI": FREE, "ICEBERG_DATABASE": FREE, "ICEBERG_TABLE_RAW": FREE, "ICEBERG_TABLE_DAILY_AGG": FREE,
    "ICEBERG_TABLE_WEEKLY_AGG": FREE, "ICEBERG_TABLE_MONTHLY_AGG": FREE, "ICEBERG_TABLE_ERRORS": FREE,
    "S3_ENDPOINT": FREE, "S3_ACCESS_KEY": FREE, "S3_SECRET_KEY": FREE, "S3_PATH_STYLE_ACCESS": FLAGS, "S3_REGION": FREE,
    "S3_SSL_ENABLED": FLAGS,
    "FLINK_PARALLELISM": number(1, 32768), "FLINK_MAX_PARALLELISM": number(1, 32768),
    "CHECKPOINT_INTERVAL": number(10, DAY_MS), "CHECKPOINT_TIMEOUT": number(10, DAY_MS), "CHECKPOINT_STORAGE": REQUIRED,
    "STATE_BACKEND": choice("rocksdb", "hashmap"), "STATE_TTL_DAYS": number(1, 36500),
    "RESTART_ATTEMPTS": number(0, 1_000_000), "RESTART_DELAY": number(0, DAY_MS),
    "WATERMARK_MAX_OUT_OF_ORDERNESS": number(0, 525_600), "DAILY_WINDOW_ALLOWED_LATENESS": number(0, 87600),
    "WEEKLY_WINDOW_ALLOWED_LATENESS": number(0, 87600), "MONTHLY_WINDOW_ALLOWED_LATENESS": number(0, 87600),
    "DAILY_AGG_PARALLELISM": number(1, 32768), "WEEKLY_AGG_PARALLELISM": number(1, 32768),
    "MONTHLY_AGG_PARALLELISM": number(1, 32768),
    "METRICS_ENABLED": FLAGS, "PROMETHEUS_PORT": number(0, 65535),
    "LOG_LEVEL": choice("DEBUG", "INFO", "WARNING", "ERROR"), "LOG_FORMAT": choice("json", "text"), "STRUCTURED_LOGGING": FLAGS,
    "VALIDATION_ENABLED": FLAGS, "VALIDATION_STRICT_MODE": FLAGS, "MIN_HEART_RATE": number(0, 1000),
    "MAX_HEART_RATE": number(1, 1000), "MAX_STEPS_PER_DAY": number(1, 1_000_000_000),
}

# Settings that are wrong together, and what is said.
S3 = {"ICEBERG_WAREHOUSE": "s3a://bucket/warehouse", "S3_ENDPOINT": "http://127.0.0.1:1", "S3_ACCESS_KEY": "a",
      "S3_SECRET_KEY": "b"}
TOGETHER = [
    ({**S3, "S3_ENDPOINT": None}, "S3_ENDPOINT: is not set"),
    ({**S3, "S3_ACCESS_KEY": None}, "S3_ACCESS_KEY"),
    ({**S3, "S3_SECRET_KEY": None}, "S3_SECRET_KEY"),
    ({**S3, "S3_SSL_ENABLED": "true"}, "S3_SSL_ENABLED is true, but S3_ENDPOINT begins with http://"),
    ({**S3, "S3_ENDPOINT": "no url"}, "no url"),
    ({"CHECKPOINT_STORAGE": "s3://bucket/checkpoints"}, "S3_ENDPOINT: is not set"),
    ({"ICEBERG_CATALOG_TYPE": "rest"}, "ICEBERG_CATALOG_URI: is not set, but ICEBERG_CATALOG_TYPE is rest"),
    ({"ICEBERG_CATALOG_TYPE": "hive"}, "ICEBERG_CATALOG_URI: is not set, but ICEBERG_CATALOG_TYPE is hive"),
    ({"ICEBERG_CATALOG_TYPE": "hive", "ICEBERG_CATALOG_URI": "thrift://127.0.0.1:1"}, "use catalog-type hadoop or rest"),
    ({"ICEBERG_WAREHOUSE": "ftp://host/warehouse"}, "no file system for scheme ftp"),
    ({"CHECKPOINT_STORAGE": "ftp://host/checkpoints"}, "no file system for scheme ftp"),
    ({"ICEBERG_DATABASE": "a/b"}, "cannot be the name of a database"),
    ({"SCHEMA_REGISTRY_URL": "registry:8081"}, "must begin with http:// or https://"),
    ({"MIN_HEART_RATE": 200, "MAX_HEART_RATE": 100}, "MIN_HEART_RATE: is more than MAX_HEART_RATE"),
    ({"FLINK_PARALLELISM": 200}, "FLINK_PARALLELISM: is more than FLINK_MAX_PARALLELISM"),
    ({"DAILY_AGG_PARALLELISM": 200}, "DAILY_AGG_PARALLELISM: is more than FLINK_MAX_PARALLELISM"),
    ({"KAFKA_SESSION_TIMEOUT": "x", "LOG_LEVEL": "x", "CHECKPOINT_STORAGE": None}, "KAFKA_SESSION_TIMEOUT"),
]


class NoTopic:
    name, form, partitions = "nothing", "avro", 1


def refusal(run, environment):
    """What `weir run` says of an environment that it must refuse, or None when it does not refuse it in a second."""
    job = live.Job(run, NoTopic, environment={
        "KAFKA_BROKERS": "127.0.0.1:1", "SCHEMA_REGISTRY_URL": "http://127.0.0.1:1", "S3_ENDPOINT": None, "S3_ACCESS_KEY": None,
        "S3_SECRET_KEY": None, "RESTART_ATTEMPTS": 0, "PROMETHEUS_PORT": 0, **environment})
    run.jobs.append(job)
    process = subprocess.Popen(job.command(), env=job.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               cwd=job.folder)
    try:
        text = process.communicate(timeout=1)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    check(process.returncode == 1, f"{environment}: exit code {process.returncode}: {text[-500:]}")
    return text


def wrong_values(run):
    problems = []
    for name, cases in VARIABLES.items():
        for value, said in cases:
            text = refusal(run, {name: value}) if said else "fine"
            if said and (text is None or said not in text or name.removesuffix("_USER").removesuffix("_PASSWORD") not in text):
                problems.append(f"{name}={value}: wanted \"{said}\", got {text!r}")
            if said and text and "health-data-consumer runs" in text:
                problems.append(f"{name}={value}: told only after the job had begun")
    for environment, said in TOGETHER:
        text = refusal(run, environment)
        if text is None or said not in text:
            problems.append(f"{environment}: wanted \"{said}\", got {text!r}")
    text = refusal(run, TOGETHER[-1][0])
    check(text and "LOG_LEVEL" in text and "CHECKPOINT_STORAGE" in text, f"not all that is wrong is told at once: {text}")
    check(not problems, "\n".join(problems))


def limits(run):
    """A job with nothing as usual."""
    names = {"RAW": "r", "DAILY_AGG": "d", "WEEKLY_AGG": "w", "MONTHLY_AGG": "m", "ERRORS": "e"}
    topic = Topic(run, partitions=3)
    before = topic.generate(count=500)
    first = topic.ends()
    job = run.job(topic, environment={
        **{f"ICEBERG_TABLE_{k}": f"table_{v}" for k, v in names.items()}, "ICEBERG_DATABASE": "other_db",
        "ICEBERG_CATALOG_NAME": "other_catalog", "KAFKA_GROUP_ID": f"{topic.name}-other", "KAFKA_AUTO_OFFSET_RESET": "latest",
        "KAFKA_PARTITION_DISCOVERY_INTERVAL": 1000, "KAFKA_FETCH_MIN_BYTES": 1, "KAFKA_FETCH_MAX_WAIT": 100,
        "KAFKA_MAX_PARTITION_FETCH_BYTES": 100000, "STATE_BACKEND": "hashmap", "FLINK_PARALLELISM": 4, "FLINK_MAX_PARALLELISM": 16,
        "DAILY_AGG_PARALLELISM": 3, "MIN_HEART_RATE": 60, "MAX_HEART_RATE": 120, "MAX_STEPS_PER_DAY": 1000,
        "WATERMARK_MAX_OUT_OF_ORDERNESS": 120, "LOG_FORMAT": "json", "STRUCTURED_LOGGING": "true", "METRICS_ENABLED": "false"})
    job.database = "other_db"
    job.start()
    job.wait(lambda: topic.lag(job.group) == 0, "the job has not begun at the end", 60)
    topic.generate(count=2000, flush="2026-03-01", seed=run.seed + 1, bad=0.01)
    job.catch_up()
    try:
        job.metrics()
        raise Failed("there are metrics, although METRICS_ENABLED=false")
    except (urllib.error.URLError, ConnectionError):
        pass
    job.stop()
    for line in job.log.read_text().splitlines():
        if line and not line.startswith(("---", "Program", "Job ")):
            json.loads(line)
    rules = oracle.Rules(87600, 87600, 87600, out_of_order_minutes=120, min_heart_rate=60, max_heart_rate=120, max_steps=1000)
    tables = oracle.Tables(rules, lambda v: oracle.decode_avro(v, registry))
    registry = oracle.Registry(run.services.registry)
    for partition, offset, value in oracle.read_topic(run.services.kafka, topic.name):
        if offset >= first[partition]:
            tables.take(partition, offset, value)
    tables.finish()
    want = {"raw": tables.raw_table(), **{n: oracle.aggregate_table(n, getattr(tables, n)()) for n in oracle.AGGREGATES}}
    renamed = dict(zip(readers.TABLES, (f"table_{names[n]}" for n in ("RAW", "ERRORS", "DAILY_AGG", "WEEKLY_AGG", "MONTHLY_AGG"))))
    usual, readers.TABLES = readers.TABLES, renamed
    try:
        compare.compare_all("duckdb", tables, want, readers.read("duckdb", job))
    finally:
        readers.TABLES = usual
    check(before, "the generator says nothing")


def strict(run):
    topic = Topic(run)
    topic.generate(count=2000, bad=0.01)
    job = run.job(topic, environment={"VALIDATION_STRICT_MODE": "true", "RESTART_ATTEMPTS": 1}).start()
    check(job.ended() == 1, "the job ends well")
    check(job.said("VALIDATION_STRICT_MODE", topic.name), "it does not say why")


def unchecked(run):
    """VALIDATION_ENABLED=false: any value counts that is a number."""
    topic = Topic(run, form="json")
    topic.generate(count=2000, bad=0.05, flush="2026-03-01")
    job = run.job(topic, environment={"VALIDATION_ENABLED": "false"}).start()
    job.catch_up()
    job.stop()
    tables, want = oracle.expected(run.services.kafka, topic.name, oracle.Rules(87600, 87600, 87600, validation=False))
    compare.compare_all("duckdb", tables, want, readers.read("duckdb", job))


def no_offsets(run):
    topic = Topic(run)
    topic.generate(count=100)
    job = run.job(topic, environment={"KAFKA_AUTO_OFFSET_RESET": "none", "RESTART_ATTEMPTS": 0}).start()
    check(job.ended() == 1, "the job ends well")
    check(job.said("offset"), "it does not say why")


def basic_auth(run):
    registry = live.OwnRegistry(run, user="somebody:secret")
    topic = Topic(run)
    topic.generate(count=500, flush="2026-03-01", registry=registry.url, registry_user=registry.user)
    address = {"SCHEMA_REGISTRY_URL": registry.url, "RESTART_ATTEMPTS": 0}
    for user, password in ((None, None), ("somebody", "wrong")):
        job = run.job(topic, environment={**address, "SCHEMA_REGISTRY_BASIC_AUTH_USER": user,
                                          "SCHEMA_REGISTRY_BASIC_AUTH_PASSWORD": password}).start()
        check(job.ended() == 1 and job.said("401", registry.url), f"it does not say why the registry refuses {user}")
        check("wrong" not in job.tail(100), "the log has the password")
    job = run.job(topic, environment={**address, "SCHEMA_REGISTRY_BASIC_AUTH_USER": "somebody",
                                      "SCHEMA_REGISTRY_BASIC_AUTH_PASSWORD": "secret"}).start()
    job.catch_up()
    job.stop()
    tables, want = oracle.expected(run.services.kafka, topic.name, oracle.Rules(87600, 87600, 87600),
                                   oracle.Registry(registry.url, registry.user))
    compare.compare_all("duckdb", tables, want, readers.read("duckdb", job))


if __name__ == "__main__":
    live.main([wrong_values, limits, strict, unchecked, no_offsets, basic_auth])
