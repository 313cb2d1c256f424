"""oracle.py: what the five tables of the health job must hold, worked out from the Kafka topic alone.

Shares nothing with weir: confluent-kafka reads, fastavro or Python's json decode, Python's datetime reads instants,
math.fsum adds. Samples are judged as health.h promises; windows as Flink does it: a row belongs to the aggregates unless
its window's end plus the allowed lateness lies at or below the watermark when it comes.

Which watermark that is depends on timing, so the oracle knows bounds only: at least what all rows of the phases before
give (a phase: what was produced before the job was seen to have caught up), at most what the partition's own rows before
it and all earlier phases give. A sample between the bounds is Undecidable, and the test's data is to blame.
"""
import base64
import collections
import datetime
import io
import json
import math
import urllib.error
import urllib.request

import confluent_kafka
import fastavro
import pyarrow as pa

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)
DAY = 86_400_000_000
HOUR = DAY // 24
LARGE_PAYLOAD = 16384  # from here on the errors table has a payload once, not for each of its samples
NEVER = -(1 << 62)


class Undecidable(Exception):
    pass


class Rules:
    """The job's settings that decide what is valid and what is late."""

    def __init__(self, daily_hours, weekly_hours, monthly_hours, out_of_order_minutes=10, min_heart_rate=30,
                 max_heart_rate=250, max_steps=100000, validation=True):
        self.lateness = {"day": daily_hours * HOUR, "week": weekly_hours * HOUR, "month": monthly_hours * HOUR}
        self.behind = out_of_order_minutes * 60_000_000 + 1000
        self.heart_rate = (min_heart_rate, max_heart_rate)
        self.steps = (0, max_steps)
        self.validation = validation


class Registry:
    def __init__(self, url, auth=None):
        self.url, self.auth, self.known = url, auth, {}

    def schema(self, number):
        """The parsed schema, or None when the registry does not know the number."""
        if number not in self.known:
            request = urllib.request.Request(f"{self.url}/schemas/ids/{number}")
            if self.auth:
                request.add_header("Authorization", "Basic " + base64.b64encode(self.auth.encode()).decode())
            try:
                with urllib.request.urlopen(request) as reply:
                    self.known[number] = fastavro.parse_schema(json.loads(json.load(reply)["schema"]))
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
                self.known[number] = None
        return self.known[number]


class Bad(Exception):
    """A payload or sample that belongs to the errors table."""

    def __init__(self, kind):
        super().__init__(kind)
        self.kind = kind


# --- payloads ---------------------------------------------------------------------------------------------------------


def read_topic(brokers, topic):
    """All records of a topic: (partition, offset, value) in order within a partition."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": brokers, "group.id": "weir-oracle", "enable.auto.commit": False,
        "isolation.level": "read_committed", "enable.partition.eof": True, "fetch.message.max.bytes": 8 << 20})
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([confluent_kafka.TopicPartition(topic, p, 0) for p in partitions])
    ended = set()
    try:
        while len(ended) < len(partitions):
            messages = consumer.consume(10000, timeout=1)
            for message in messages:
                if message.error() is None:
                    yield message.partition(), message.offset(), message.value()
                elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                else:
                    raise confluent_kafka.KafkaException(message.error())
    finally:
        consumer.close()


def decode_avro(value, registry):
    if len(value) < 5 or value[0] != 0:
        raise Bad("deserialization")
    schema = registry.schema(int.from_bytes(value[1:5], "big"))
    if schema is None:
        raise Bad("unknown_schema")
    body = io.BytesIO(value[5:])
    try:
        payload = fastavro.schemaless_reader(body, schema, None)
    except Exception:  # fastavro raises what comes along: EOFError, IndexError, UnicodeDecodeError, ...
        raise Bad("deserialization") from None
    if body.tell() != len(value) - 5:
        raise Bad("deserialization")
    return payload


def decode_json(value):
    def no_constant(text):
        raise ValueError(text)

    try:
        return json.loads(value.decode("utf-8"), parse_constant=no_constant)
    except ValueError:
        raise Bad("deserialization") from None


def printable(value):
    """A payload as the errors table holds it."""
    try:
        text = value.decode("utf-8")
        if "\0" not in text:
            return text
    except UnicodeDecodeError:
        pass
    return "base64:" + base64.b64encode(value).decode()


# --- samples ----------------------------------------------------------------------------------------------------------

PAYLOAD_TEXTS = ("deviceId", "userId", "appVersion", "timestamp")
SAMPLE_TEXTS = ("id", "type", "unit", "startDate", "endDate", "createdAt")


def instant(text):
    try:
        read = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Bad("invalid_timestamp") from None
    if read.tzinfo is None:
        raise Bad("invalid_timestamp")
    return (read - EPOCH) // MICROSECOND


def judge(payload, sample, payload_us, rules, now_us):
    """start, end, created in microseconds, or Bad. payload_us: read already, or the Bad that it gave."""
    for holder, names in ((payload, PAYLOAD_TEXTS), (sample, SAMPLE_TEXTS)):
        for name in names:
            if holder.get(name) is None:
                raise Bad("missing_field")
            if holder[name] == "":
                raise Bad("empty_field")
    if sample.get("value") is None or sample.get("isSynced") is None:
        raise Bad("missing_field")
    if isinstance(payload_us, Bad):
        raise Bad(payload_us.kind)
    start, end, created = instant(sample["startDate"]), instant(sample["endDate"]), instant(sample["createdAt"])
    value = sample["value"]
    if not math.isfinite(value):
        raise Bad("invalid_value")
    if start > end or min(start, payload_us, created) < 0:
        raise Bad("invalid_date_range")
    if payload_us > now_us + DAY or max(start, end) > payload_us + DAY:
        raise Bad("invalid_date_range")
    if rules.validation:
        least, most = {"heartRate": rules.heart_rate, "steps": rules.steps, "stepCount": rules.steps}.get(
            sample["type"], (-math.inf, math.inf))
        if not least <= value <= most:
            raise Bad("out_of_range")
    return start, end, created


RAW = ("device_id", "user_id", "sample_id", "data_type", "value", "unit", "start_date", "end_date", "created_at",
       "payload_timestamp", "source_bundle", "metadata", "is_synced", "app_version", "ingestion_date")
RAW_TYPES = {"value": pa.float64(), "is_synced": pa.bool_(), "metadata": pa.map_(pa.string(), pa.string()),
             "ingestion_date": pa.date32(), "start_date": pa.timestamp("us"), "end_date": pa.timestamp("us"),
             "created_at": pa.timestamp("us"), "payload_timestamp": pa.timestamp("us")}


# --- windows ----------------------------------------------------------------------------------------------------------


def date_of(us):
    return EPOCH.date() + datetime.timedelta(days=us // DAY)


def us_of(date):
    return (date - EPOCH.date()).days * DAY


def window(kind, day_us):
    """Start and end of the window of that kind around a day."""
    date = date_of(day_us)
    if kind == "day":
        return day_us, day_us + DAY
    if kind == "week":
        start = us_of(date - datetime.timedelta(days=date.weekday()))
        return start, start + 7 * DAY
    first = date.replace(day=1)
    return us_of(first), us_of((first + datetime.timedelta(days=32)).replace(day=1))


class Tables:
    """Takes in the records of a topic, then has the rows of the tables."""

    def __init__(self, rules, decode, phases=()):
        """phases: for each but the last, the offset at which it ended, by partition."""
        self.rules, self.decode, self.phases = rules, decode, list(phases)
        self.raw = {name: [] for name in RAW}
        self.errors = []  # error_type, partition, offset, user_id, data_type, sample_id
        self.payloads = {}  # of the errors: (partition, offset) -> value
        self.late = collections.Counter()
        self.windows = {kind: collections.defaultdict(list) for kind in self.rules.lateness}
        self.seen = {}  # partition -> latest start of its rows so far
        self.pending = []  # samples, until the phases' ends are known
        self.phase_latest = collections.defaultdict(dict)  # phase -> partition -> latest start by its end
        self.now_us = (datetime.datetime.now(datetime.timezone.utc) - EPOCH) // MICROSECOND
        self.records = self.samples = 0

    def phase_of(self, partition, offset):
        for number, ends in enumerate(self.phases):
            if offset < ends.get(partition, 0):
                return number
        return len(self.phases)

    def take(self, partition, offset, value):
        self.records += 1
        self.seen.setdefault(partition, NEVER)
        try:
            if value is None:
                raise Bad("tombstone")
            payload = self.decode(value)
        except Bad as bad:
            self.payloads[partition, offset] = value
            self.errors.append((bad.kind, partition, offset, None, None, None))
            return
        phase = self.phase_of(partition, offset)
        self.samples_of(payload, partition, offset, value, phase)
        self.phase_latest[phase][partition] = self.seen[partition]

    def samples_of(self, payload, partition, offset, value, phase):
        samples = payload.get("samples")
        if not samples:
            self.payloads[partition, offset] = value
            self.errors.append(("empty_payload", partition, offset, payload.get("userId"), None, None))
            return
        try:
            payload_us = instant(payload.get("timestamp") or "")
        except Bad as bad:
            payload_us = bad
        before = self.seen[partition]
        for sample in samples:
            self.samples += 1
            try:
                start, end, created = judge(payload, sample, payload_us, self.rules, self.now_us)
            except Bad as bad:
                self.payloads[partition, offset] = value
                self.errors.append((bad.kind, partition, offset, payload.get("userId"), sample.get("type"),
                                    sample.get("id")))
                continue
            self.keep(payload, sample, start, end, created, payload_us)
            self.pending.append((phase, before, payload["userId"], sample["type"], start, sample["id"], sample["value"]))
            self.seen[partition] = max(self.seen[partition], start)

    def keep(self, payload, sample, start, end, created, payload_us):
        row = (payload["deviceId"], payload["userId"], sample["id"], sample["type"], float(sample["value"]), sample["unit"],
               start, end, created, payload_us, sample.get("sourceBundle"), list((sample.get("metadata") or {}).items()),
               sample["isSynced"], payload["appVersion"], start // DAY)
        for name, field in zip(RAW, row):
            self.raw[name].append(field)

    def finish(self):
        """Sort the samples into windows; the watermark at the end decides which of these have a row."""
        latest, floor, ceiling = dict.fromkeys(self.seen, NEVER), [NEVER], [NEVER]
        for phase in range(len(self.phases) + 1):
            latest.update(self.phase_latest[phase])
            floor.append(min(latest.values(), default=NEVER) - self.rules.behind)
            ceiling.append(max(latest.values(), default=NEVER) - self.rules.behind)
        self.watermark = floor[-1]
        spans = {}
        for phase, before, user, kind, start, number, value in self.pending:
            day = start - start % DAY
            if day not in spans:
                spans[day] = [(name, *window(name, day)) for name in self.windows]
            for name, begin, end in spans[day]:
                gone = end - 1000 + self.rules.lateness[name]
                if gone <= floor[phase]:
                    self.late[name] += 1
                elif gone > max(before - self.rules.behind, ceiling[phase]):
                    self.windows[name][user, kind, begin, end].append((start, number, value))
                else:
                    raise Undecidable(f"{name} window {date_of(begin)} of {user}, {kind}: it ends at {end}, the watermark "
                                      f"lies between {floor[phase]} and {max(before - self.rules.behind, ceiling[phase])}")
        self.pending = []

    # --- rows -----------------------------------------------------------------------------------------------------

    def raw_table(self):
        return pa.table({name: pa.array(self.raw[name], RAW_TYPES.get(name, pa.string())) for name in RAW})

    def fired(self, name):
        for (user, kind, begin, end), samples in self.windows[name].items():
            if end - 1000 <= self.watermark:
                yield user, kind, begin, end, samples

    @staticmethod
    def stats(samples):
        values = [value for _, _, value in samples]
        total, count = math.fsum(values), len(values)
        mean = total / count
        return {"min_value": min(values), "max_value": max(values), "avg_value": mean, "sum_value": total, "count": count,
                "stddev_value": math.sqrt(math.fsum((v - mean) ** 2 for v in values) / count), "record_count": count}

    def daily(self):
        for user, kind, begin, end, samples in self.fired("day"):
            ordered = [value for _, _, value in sorted(samples, key=lambda s: (s[0], s[1].encode()))]
            yield {"user_id": user, "data_type": kind, "aggregation_date": date_of(begin), "window_start": begin,
                   "window_end": end, **self.stats(samples), "first_value": ordered[0], "last_value": ordered[-1]}

    def spans(self, name):
        for user, kind, begin, end, samples in self.fired(name):
            days = collections.defaultdict(list)
            for start, _, value in samples:
                days[start // DAY].append(value)
            averages = [math.fsum(values) / len(values) for values in days.values()]
            yield {"user_id": user, "data_type": kind, "window_start": begin, "window_end": end, **self.stats(samples),
                   "daily_avg_of_avg": math.fsum(averages) / len(averages), "first_day": date_of(begin),
                   "last_day": date_of(end - DAY)}

    def weekly(self):
        for row in self.spans("week"):
            year, week, _ = row["first_day"].isocalendar()
            yield {**row, "year": year, "week_of_year": week, "week_start_date": row.pop("first_day"),
                   "week_end_date": row.pop("last_day")}

    def monthly(self):
        for row in self.spans("month"):
            first = row["first_day"]
            yield {**row, "year": first.year, "month": first.month, "month_start_date": row.pop("first_day"),
                   "month_end_date": row.pop("last_day")}


TIMES = {"window_start", "window_end"}
DATES = {"aggregation_date", "week_start_date", "week_end_date", "month_start_date", "month_end_date"}
INTS = {"year", "week_of_year", "month"}
LONGS = {"count", "record_count"}
AGGREGATES = {
    "daily": ("user_id", "data_type", "aggregation_date", "window_start", "window_end", "min_value", "max_value", "avg_value",
              "sum_value", "count", "stddev_value", "first_value", "last_value", "record_count"),
    "weekly": ("user_id", "data_type", "year", "week_of_year", "week_start_date", "week_end_date", "window_start",
               "window_end", "min_value", "max_value", "avg_value", "sum_value", "count", "stddev_value",
               "daily_avg_of_avg", "record_count"),
    "monthly": ("user_id", "data_type", "year", "month", "month_start_date", "month_end_date", "window_start", "window_end",
                "min_value", "max_value", "avg_value", "sum_value", "count", "stddev_value", "daily_avg_of_avg",
                "record_count"),
}


def column_type(name):
    if name in TIMES:
        return pa.timestamp("us")
    if name in DATES:
        return pa.date32()
    if name in INTS:
        return pa.int32()
    if name in LONGS:
        return pa.int64()
    return pa.string() if name in ("user_id", "data_type") else pa.float64()


def aggregate_table(name, rows):
    rows = list(rows)
    return pa.table({c: pa.array([row[c] for row in rows], column_type(c)) for c in AGGREGATES[name]})


def expected(brokers, topic, rules, registry=None, phases=()):
    """The oracle's word on a topic: Tables, and an Arrow table for each of raw, daily, weekly, monthly."""
    tables = Tables(rules, (lambda v: decode_avro(v, registry)) if registry else decode_json, phases)
    for partition, offset, value in read_topic(brokers, topic):
        tables.take(partition, offset, value)
    tables.finish()
    arrow = {"raw": tables.raw_table()}
    for name in AGGREGATES:
        arrow[name] = aggregate_table(name, getattr(tables, name)())
    return tables, arrow
