#!/usr/bin/env python3
"""iceberg_check.py: cross checks of weir's Iceberg tables against pyiceberg and DuckDB.

    pip install 'pyiceberg[sql-sqlite,pyarrow,pyiceberg-core]' && pip install --no-deps duckdb duckdb-extension-iceberg duckdb-extension-avro
    cmake --preset release
    python3 tests/interop/iceberg_check.py build [REST_URI WAREHOUSE]

1. Tables that weir makes and commits to (iceberg_make.c, hadoop catalog) are read by pyiceberg and DuckDB; each value is
   compared with what weir wrote: partitions, bounds, position deletes, gzip metadata, merged manifests.
2. Tables that pyiceberg makes are read by weir: its live files, their partitions and bounds.
3. With a REST catalog (its database db must be free of tables), 1 goes through it too, and weir appends to a table of
   pyiceberg's while pyiceberg does.
"""
import datetime
import decimal
import os
import subprocess
import sys
import tempfile

import duckdb
import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestampType

EPOCH = datetime.datetime(1970, 1, 1)
failures = 0
checks = 0


def check(name, got, want):
    global failures, checks
    checks += 1
    if got != want:
        failures += 1
        print(f"FAILED {name}\n  got  {str(got)[:1500]}\n  want {str(want)[:1500]}")


def build(folder):
    subprocess.run(["cmake", "--build", folder, "--target", "iceberg_make"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "tests", "interop", "iceberg_make")


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


# --- what weir wrote ------------------------------------------------------------------------------------------


def event(i):
    types = ["steps", "heart rate/min", "spö", "a=b&c"]
    return (i, datetime.datetime(2024, 11, 1) + datetime.timedelta(minutes=37 * i), None if i % 17 == 0 else types[i % 4], i / 4)


def events():
    """All rows but the first of each data file of the first commit: the first of each day and type among rows 0 to 99."""
    seen = set()
    rows = []
    for i in range(500):
        row = event(i)
        key = (row[1].date(), row[2])
        if i < 100 and key not in seen:
            seen.add(key)
            continue
        rows.append(row)
    return rows, len(seen)


def typed():
    rows = []
    for i in range(-3, 3):
        text = f"text number {i}"
        instant = EPOCH + datetime.timedelta(microseconds=i * 86399999999)
        zoned = EPOCH.replace(tzinfo=datetime.timezone.utc) + datetime.timedelta(days=40 * i)
        rows.append((bool(i & 1), i * 1000, i * 10**10, i / 2, i / 4, decimal.Decimal(i * 123456789).scaleb(-3),
                     datetime.date(1970, 1, 1) + datetime.timedelta(days=400 * i), datetime.time(i + 3), instant, zoned, text,
                     text[:4].encode(), text[5:8].encode(), list(range(i + 3)), [("k", i)], {"x": i, "y": text}, i))
    rows.append((None,) * 17)
    return rows


def rows_of(table):
    names = table.column_names
    return [tuple(row[name] for name in names) for row in table.to_pylist()]


def by_first(rows):
    return sorted(rows, key=lambda row: (row[1] is None, row[1] if row[1] is not None else 0))


# --- 1. their readers, our tables -------------------------------------------------------------------------------


def check_pyiceberg(load):
    want, deleted = events()
    table = load("events")
    check("events", sorted(rows_of(table.scan().to_arrow())), sorted(want, key=lambda r: r[0]))
    check("events of a day", table.scan(row_filter="ts >= '2024-11-05T00:00:00' and ts < '2024-11-06T00:00:00'").to_arrow().num_rows,
          len([r for r in want if r[1].date() == datetime.date(2024, 11, 5)]))
    check("events of a type", table.scan(row_filter="data_type = 'spö'").to_arrow().num_rows, len([r for r in want if r[2] == "spö"]))
    check("events of none", table.scan(row_filter="data_type is null").to_arrow().num_rows, len([r for r in want if r[2] is None]))
    check("events by id", [r[0] for r in rows_of(table.scan(row_filter="id >= 450").to_arrow()) if r[0] < 450], [])
    check("files of a day are fewer", len(list(table.scan(row_filter="ts >= '2024-11-05T00:00:00' and ts < '2024-11-06T00:00:00'")
                                                .plan_files())) <= 10, True)
    check("identifier", table.schema().identifier_field_ids, [1])
    summary = table.current_snapshot().summary
    check("summary", [summary[key] for key in ["total-records", "total-position-deletes", "total-delete-files", "weir.pipeline",
                                               "weir.checkpoint-id", "weir.offsets", "engine-name"]],
          ["500", str(deleted), str(deleted), "interop", "5", '{"events-0":42}', "weir"])
    check("five snapshots", len(table.metadata.snapshots), 5)
    check("history", len(table.history()), 5)
    first = table.metadata.snapshots[0]
    check("time travel", table.scan(snapshot_id=first.snapshot_id).to_arrow().num_rows, 100)
    entries = table.inspect.entries().to_pylist()
    check("entries", len([e for e in entries if e["data_file"]["content"] == 0]), len({(event(i)[1].date(), event(i)[2], i // 100) for i in range(500)}))
    check("files", table.inspect.partitions().num_rows, len({(event(i)[1].date(), event(i)[2]) for i in range(500)}))
    got = [r[:9] + (r[9],) + r[10:] for r in rows_of(load("typed").scan().to_arrow())]
    check("typed", by_first(got), by_first(typed()))
    for condition, count in [("i = 1000", 1), ("l = -20000000000", 1), ("de > 0", 2), ("da < '1970-01-01'", 3), ("s = 'text number 2'", 1),
                             ("b = true", 3), ("ts < '1970-01-01T00:00:00'", 3), ("sm = -3", 1), ("s is null", 1), ("r.x = 1", 1)]:
        check(f"typed where {condition}", load("typed").scan(row_filter=condition).to_arrow().num_rows, count)
    check("empty", load("empty").scan().to_arrow().num_rows, 0)
    check("comment", load("empty").properties["comment"], "made by weir")


def connect():
    con = duckdb.connect(config={"autoload_known_extensions": "false", "autoinstall_known_extensions": "false"})
    import duckdb_extension_avro
    import duckdb_extension_iceberg
    for module in (duckdb_extension_avro, duckdb_extension_iceberg):
        folder = os.path.dirname(module.__file__)
        for root, _, names in os.walk(folder):
            for name in names:
                if name.endswith(".duckdb_extension"):
                    con.execute(f"LOAD '{os.path.join(root, name)}'")
    con.execute("SET TimeZone = 'UTC'")
    return con


def check_duckdb(locations):
    con = connect()
    want, _ = events()
    got = con.execute(f"SELECT id, ts, data_type, value FROM iceberg_scan('{locations['events']}') ORDER BY id").fetchall()
    check("duckdb events", got, sorted(want, key=lambda r: r[0]))
    got = con.execute(f"SELECT count(*) FROM iceberg_scan('{locations['events']}') WHERE data_type = 'steps' AND ts < '2024-11-04'").fetchone()[0]
    check("duckdb filter", got, len([r for r in want if r[2] == "steps" and r[1] < datetime.datetime(2024, 11, 4)]))
    got = con.execute(f"SELECT i, l, de, da, s, sm, r.y FROM iceberg_scan('{locations['typed']}') ORDER BY i NULLS LAST").fetchall()
    check("duckdb typed", got, [(r[1], r[2], r[5], r[6], r[10], r[16], r[15]["y"] if r[15] else None) for r in by_first(typed())])
    got = con.execute(f"SELECT count(*) FROM iceberg_scan('{locations['empty']}')").fetchone()[0]
    check("duckdb empty", got, 0)
    got = con.execute(f"SELECT content, count(*) FROM iceberg_metadata('{locations['events']}') GROUP BY 1 ORDER BY 1").fetchall()
    check("duckdb metadata", len(got) > 1, True)


# --- 2. our reader, their tables --------------------------------------------------------------------------------


def parse_files(text):
    files = {}
    for line in text.splitlines():
        path, *fields = line.split(" ")
        entry = {"partition": [], "columns": {}}
        column = None
        for field in fields:
            key, value = field.split("=", 1)
            if key in ("partition", "null"):
                entry["partition"].append(None if key == "null" else bytes.fromhex(value))
            elif key == "column":
                column = entry["columns"].setdefault(int(value.split(",")[0]), {"counts": tuple(map(int, value.split(",")[1:]))})
            elif key in ("lower", "upper"):
                column[key] = bytes.fromhex(value)
            else:
                entry[key] = int(value)
        files[path] = entry
    return files


def check_foreign(program, table, name):
    from pyiceberg.conversions import to_bytes
    files = parse_files(run(program, "files", table.metadata_location))
    wanted = table.inspect.files().to_pylist()
    check(f"{name}: files", sorted(files), sorted(f["file_path"] for f in wanted))
    tasks = {task.file.file_path: task.file for task in table.scan().plan_files()}
    for path, file in tasks.items():
        got = files.get(path, {"partition": [], "columns": {}})
        check(f"{name}: records", got.get("records"), file.record_count)
        check(f"{name}: bytes", got.get("bytes"), file.file_size_in_bytes)
        types = [field.field_type for field in table.specs()[file.spec_id].partition_type(table.schema()).fields]
        want = []
        for at, kind in enumerate(types):
            value = file.partition[at]
            want.append(None if value is None else to_bytes(kind, value))
        check(f"{name}: partition", got["partition"], want)
        for column, lower in (file.lower_bounds or {}).items():
            check(f"{name}: lower bound of {column}", got["columns"][column]["lower"], lower)
            check(f"{name}: upper bound of {column}", got["columns"][column]["upper"], file.upper_bounds[column])
        for column, count in (file.value_counts or {}).items():
            check(f"{name}: counts of {column}", got["columns"][column]["counts"], (count, file.null_value_counts[column]))


def make_foreign(catalog):
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "ts", TimestampType()), NestedField(3, "kind", StringType()),
                    NestedField(4, "value", DoubleType()))
    arrow = pa.table({"id": pa.array(range(100), pa.int64()),
                      "ts": pa.array([EPOCH + datetime.timedelta(hours=i * 5 - 60) for i in range(100)], pa.timestamp("us")),
                      "kind": pa.array([None if i % 9 == 0 else f"kind {i % 3}" for i in range(100)]),
                      "value": pa.array([float("nan") if i % 11 == 0 else i / 8 for i in range(100)])})
    plain = catalog.create_table("db.plain", schema=schema)
    plain.append(arrow)
    plain.append(arrow.slice(0, 10))
    spec = PartitionSpec(PartitionField(2, 1000, DayTransform(), "ts_day"), PartitionField(3, 1001, IdentityTransform(), "kind"),
                         PartitionField(1, 1002, BucketTransform(3), "id_bucket"))
    parted = catalog.create_table("db.parted", schema=schema, partition_spec=spec)
    parted.append(arrow)
    with parted.update_spec() as update:
        update.remove_field("kind")
        update.add_field("kind", TruncateTransform(3), "kind_trunc")
    parted.append(arrow.slice(20, 30))
    parted.delete("id = 5")
    return plain, parted


# --- 3. a REST catalog ------------------------------------------------------------------------------------------


def check_rest(program, uri, warehouse):
    catalog = RestCatalog("rest", uri=uri, warehouse=warehouse)
    for name in catalog.list_tables("db") if ("db",) in catalog.list_namespaces() else []:
        catalog.drop_table(name)
    run(program, "tables", "rest", uri, warehouse)
    check_pyiceberg(lambda name: catalog.load_table(f"db.{name}"))
    table = catalog.create_table("db.shared", schema=Schema(NestedField(1, "id", LongType())))
    for i in range(3):
        table.append(pa.table({"id": pa.array([i], pa.int64())}))
    run(program, "append", "rest", uri, warehouse, "db", "shared")
    table.refresh()
    table.append(pa.table({"id": pa.array([3], pa.int64())}))
    table.refresh()
    check("both append", sorted(table.scan().to_arrow()["id"].to_pylist()), [0, 1, 2, 3] + list(range(1000, 1010)))
    check_foreign(program, table, "shared")


def main():
    program = build(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        out = run(program, "tables", "hadoop", folder + "/warehouse")
        locations = {line.split()[0]: line.split()[1] for line in out.splitlines()}
        check("gzip names", locations["events"].endswith("/v6.gz.metadata.json"), True)
        check_pyiceberg(lambda name: StaticTable.from_metadata(locations[name]))
        check_duckdb(locations)
        catalog = SqlCatalog("local", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/theirs")
        catalog.create_namespace("db")
        for table in make_foreign(catalog):
            check_foreign(program, table, table.name()[-1])
        if len(sys.argv) > 3:
            check_rest(program, sys.argv[2], sys.argv[3])
    print(f"{checks} checks, {failures} failed")
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
