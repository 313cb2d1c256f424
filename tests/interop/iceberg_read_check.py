#!/usr/bin/env python3
"""iceberg_read_check.py: cross checks of what weir's SQL reads from Iceberg tables, against pyiceberg.

    pip install 'pyiceberg[sql-sqlite,pyarrow,pyiceberg-core]'
    cmake -S . -B build -G Ninja && ninja -C build weir
    python3 tests/interop/iceberg_read_check.py build

A table that pyiceberg makes: partitioned by transforms, with columns renamed, widened, moved, added and dropped (within a
ROW too), two partition specs, deleted rows, a tag and a branch. weir reads it, whole, by conditions, at other snapshots,
and its metadata tables; and replaces some of its partitions, which pyiceberg reads.
"""
import datetime
import decimal
import os
import shutil
import subprocess
import sys
import tempfile

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable
from pyiceberg.transforms import BucketTransform, DayTransform, TruncateTransform
from pyiceberg.types import (DateType, DecimalType, DoubleType, FloatType, IntegerType, ListType, LongType, NestedField,
                             StringType, StructType, TimestampType)

WEIR = os.path.join(sys.argv[1] if len(sys.argv) > 1 else "build", "weir")
failures = 0


def rows_of(begin, end, late, renamed):
    """Rows as the schema is at a time: with `late` columns or not, under the new name or the old."""
    for i in range(begin, end):
        row = {"id": i, "n": i % 7, "ts": datetime.datetime(2025, 1, 1) + datetime.timedelta(hours=i),
               "r": None if i % 5 == 0 else {"x": i, "y": f"y{i}"}, "tags": [f"t{k}" for k in range(i % 3)],
               "f": i / 2, "label" if renamed else "name": f"name-{i}"}
        if late:
            row["late"] = f"L{i}"
            if row["r"]:
                row["r"]["z"] = datetime.date(2025, 1, 2)
        yield row


def append(table, rows):
    table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))
    return table.current_snapshot().snapshot_id


def make_table(catalog):
    """The table, and its snapshots with 100 and 150 rows."""
    schema = Schema(
        NestedField(1, "id", LongType()), NestedField(2, "n", IntegerType()), NestedField(3, "name", StringType()),
        NestedField(4, "ts", TimestampType()), NestedField(5, "price", DecimalType(10, 2)),
        NestedField(6, "r", StructType(NestedField(7, "x", IntegerType(), required=False),
                                       NestedField(8, "y", StringType(), required=False)), required=False),
        NestedField(9, "tags", ListType(10, StringType(), False), required=False), NestedField(11, "f", FloatType()))
    spec = PartitionSpec(PartitionField(4, 1000, DayTransform(), "ts_day"),
                         PartitionField(1, 1001, BucketTransform(4), "id_bucket"))
    table = catalog.create_table("db.t", schema, partition_spec=spec, properties={"format-version": "2"})
    first = append(table, ({**row, "price": decimal.Decimal(row["id"]) / 4} for row in rows_of(0, 100, False, False)))
    with table.update_schema() as update:
        update.rename_column("name", "label")
        update.update_column("n", LongType())
        update.update_column("f", DoubleType())
        update.update_column("price", DecimalType(14, 2))
        update.add_column("late", StringType())
        update.add_column(("r", "z"), DateType())
        update.move_first("tags")
    table = catalog.load_table("db.t")
    second = append(table, ({**row, "price": None} for row in rows_of(100, 150, True, True)))
    with table.update_schema() as update:
        update.delete_column("price")
    with table.update_spec() as update:
        update.remove_field("id_bucket")
        update.add_field("label", TruncateTransform(5), "label_5")
    table = catalog.load_table("db.t")
    append(table, ({**row, "late": None} for row in rows_of(150, 170, True, True)))
    table.delete("id < 10")
    table = catalog.load_table("db.t")
    table.manage_snapshots().create_tag(first, "first").create_branch(second, "dev").commit()
    return catalog.load_table("db.t"), first, second


def as_hadoop(table):
    """The same table for a hadoop catalog; the folder of its warehouse."""
    location = table.metadata_location[len("file://"):]
    folder = os.path.dirname(location)
    shutil.copy(location, os.path.join(folder, "v1.metadata.json"))
    with open(os.path.join(folder, "version-hint.text"), "w") as hint:
        hint.write("1")
    return os.path.dirname(os.path.dirname(os.path.dirname(folder)))


class Weir:
    def __init__(self, warehouse, folder):
        self.warehouse, self.file = warehouse, os.path.join(folder, "query.sql")

    def run(self, statement):
        with open(self.file, "w") as file:
            file.write("SET 'sql-client.execution.result-mode' = 'changelog';\n"
                       "SET 'sql-client.display.max-column-width' = '200';\n"
                       "SET 'table.dml-sync' = 'true';\nSET 'parallelism.default' = '2';\n"
                       "CREATE CATALOG ice WITH ('type' = 'iceberg', 'catalog-type' = 'hadoop', "
                       f"'warehouse' = 'file://{self.warehouse}');\n{statement};\n")
        done = subprocess.run([WEIR, "sql", "-f", self.file], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{statement}\n{done.stdout}\n{done.stderr}")
        return [[cell.strip() for cell in line.strip().strip("|").split("|")][1:]
                for line in done.stdout.splitlines() if line.startswith("| +I")]


def compare(name, got, want):
    global failures
    got = sorted(got)
    want = sorted([["<NULL>" if cell is None else str(cell) for cell in row] for row in want])
    print(f"{'ok  ' if got == want else 'FAIL'}  {name}: {len(got)} rows", flush=True)
    if got != want:
        failures += 1
        print(f"      wanted {len(want)}; first difference:",
              next(((a, b) for a, b in zip(got, want) if a != b), "the length"))


def check_conditions(weir, table):
    query = "SELECT id, n, label, late, r.x, r.z, CARDINALITY(tags), f FROM ice.db.t"
    every = table.scan().to_arrow().to_pylist()

    def cells(row):
        nested = row["r"] or {}
        return [row["id"], row["n"], row["label"], row["late"], nested.get("x"), nested.get("z"), len(row["tags"]),
                row["f"]]

    day = datetime.datetime(2025, 1, 3)
    for condition, keeps in [
            ("TRUE", lambda row: True),
            ("ts >= TIMESTAMP '2025-01-03 00:00:00' AND ts < TIMESTAMP '2025-01-04 12:00:00'",
             lambda row: day <= row["ts"] < day + datetime.timedelta(hours=36)),
            ("id = 77", lambda row: row["id"] == 77),
            ("label LIKE 'name-15%'", lambda row: row["label"].startswith("name-15")),
            ("late IS NULL AND n IN (1, 2)", lambda row: row["late"] is None and row["n"] in (1, 2)),
            ("id = 3 OR label = 'name-160' OR f > 70.0",
             lambda row: row["id"] == 3 or row["label"] == "name-160" or row["f"] > 70),
            ("NOT (id < 140 OR n = 3)", lambda row: not (row["id"] < 140 or row["n"] == 3)),
            ("r IS NULL", lambda row: row["r"] is None), ("id < 0", lambda row: False)]:
        compare(condition, weir.run(f"{query} WHERE {condition}"), [cells(row) for row in every if keeps(row)])


def check_snapshots(weir, table, first, second):
    time_ms = next(entry.timestamp_ms for entry in table.history() if entry.snapshot_id == first)
    for options, ids in [(f"'snapshot-id' = '{second}'", range(150)), ("'tag' = 'first'", range(100)),
                         ("'branch' = 'dev'", range(150)), (f"'as-of-timestamp' = '{time_ms}'", range(100)),
                         (f"'start-snapshot-id' = '{first}', 'end-snapshot-id' = '{second}'", range(100, 150)),
                         (f"'start-tag' = 'first', 'end-snapshot-id' = '{second}'", range(100, 150))]:
        compare(options, weir.run(f"SELECT id FROM ice.db.t /*+ OPTIONS({options}) */"), [[i] for i in ids])


def check_metadata(weir, table):
    def read(name, columns):
        return weir.run(f"SELECT {columns} FROM ice.db.t${name}")

    look = table.inspect
    columns = ["file_path", "record_count", "spec_id", "file_size_in_bytes"]
    compare("$files", read("files", ", ".join(columns)), [[f[c] for c in columns] for f in look.files().to_pylist()])
    columns = ["snapshot_id", "parent_id", "operation", "manifest_list"]
    compare("$snapshots", read("snapshots", ", ".join(columns)),
            [[s[c] for c in columns] for s in look.snapshots().to_pylist()])
    compare("$history", read("history", "snapshot_id, parent_id, is_current_ancestor"),
            [[h["snapshot_id"], h["parent_id"], str(h["is_current_ancestor"]).upper()]
             for h in look.history().to_pylist()])
    fields = ["ts_day", "id_bucket", "label_5"]
    compare("$partitions",
            read("partitions", ", ".join(f"`partition`.{f}" for f in fields) + ", spec_id, record_count, file_count"),
            [[p["partition"].get(f) for f in fields] + [p["spec_id"], p["record_count"], p["file_count"]]
             for p in look.partitions().to_pylist()])
    columns = ["path", "length", "added_data_files_count", "existing_data_files_count", "deleted_data_files_count"]
    compare("$manifests", read("manifests", ", ".join(columns) + ", partition_summaries[1].lower_bound"),
            [[m[c] for c in columns] + [m["partition_summaries"][0]["lower_bound"]]
             for m in look.manifests().to_pylist()])
    compare("$refs", read("refs", "name, type, snapshot_id"),
            [[r["name"], r["type"], r["snapshot_id"]] for r in look.refs().to_pylist()])


def check_overwrite(weir, warehouse):
    """What weir has replaced, as pyiceberg reads it."""
    weir.run("CREATE TABLE ice.db.o (id INT, part STRING) PARTITIONED BY (part);\n"
             "INSERT INTO ice.db.o VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, 'c');\n"
             "INSERT OVERWRITE ice.db.o VALUES (10, 'a'), (11, 'd');\n"
             "INSERT OVERWRITE ice.db.o PARTITION (part = 'b') SELECT id + 100 FROM ice.db.o WHERE id = 3")
    folder = os.path.join(warehouse, "db", "o", "metadata")
    with open(os.path.join(folder, "version-hint.text")) as hint:
        table = StaticTable.from_metadata(os.path.join(folder, f"v{hint.read().strip()}.metadata.json"))
    compare("INSERT OVERWRITE", [[str(row["id"]), row["part"]] for row in table.scan().to_arrow().to_pylist()],
            [[10, "a"], [11, "d"], [103, "b"], [4, "c"]])
    compare("its snapshots", [[s["operation"]] for s in table.inspect.snapshots().to_pylist()],
            [["append"], ["overwrite"], ["overwrite"]])


def main():
    with tempfile.TemporaryDirectory() as folder:
        catalog = SqlCatalog("x", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
        catalog.create_namespace("db")
        table, first, second = make_table(catalog)
        warehouse = as_hadoop(table)
        weir = Weir(warehouse, folder)
        check_conditions(weir, table)
        check_snapshots(weir, table, first, second)
        check_metadata(weir, table)
        check_overwrite(weir, warehouse)
    sys.exit(1 if failures else 0)


main()
