#!/usr/bin/env python3
"""parquet_check.py: cross checks of weir's Parquet writer and reader against pyarrow, DuckDB, polars, fastparquet, and Spark if it is there.

    pip install pyarrow duckdb polars fastparquet pandas [pyspark==3.5.*, which needs Java]
    cmake --preset release
    python3 tests/interop/parquet_check.py build

1. Files that weir writes (parquet_make.c) are read by the others; each value is compared with what weir had.
2. Files that the others write, with their encodings, page versions and codecs, are read by weir and compared with what
   the writer reads back.
Values are compared as text, in the form of batch_print.
"""
import datetime
import decimal
import math
import os
import subprocess
import sys
import tempfile

import duckdb
import fastparquet
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

failures = 0
checks = 0


def build(folder):
    subprocess.run(["cmake", "--build", folder, "--target", "parquet_make"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "tests", "interop", "parquet_make")


# --- a value as batch_print has it ----------------------------------------------------------------------------


def print_decimal(unscaled, scale):
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    text = digits if scale == 0 else digits[:-scale] + "." + digits[-scale:]
    return "-" + text if unscaled < 0 else text


def print_micros(v):
    days, rest = divmod(v, 86400 * 10**6)
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    seconds, fraction = divmod(rest, 10**6)
    text = f"{date}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + (f".{fraction:06}" if fraction else "")


def print_timestamp(v, unit, zone):
    if unit == "ns":
        return f"{v}ns"
    v *= {"s": 10**6, "ms": 1000, "us": 1}[unit]
    return print_micros(v) + ("Z" if zone else "")


def column_texts(array):
    """Texts of every value of an Arrow array."""
    if isinstance(array, pa.ChunkedArray):
        return [text for chunk in array.chunks for text in column_texts(chunk)]
    if isinstance(array, pa.ExtensionArray):
        return column_texts(array.storage)
    t = array.type
    if pa.types.is_dictionary(t):
        return column_texts(array.dictionary_decode())
    valid = array.is_valid().to_pylist()
    if pa.types.is_struct(t):
        children = [column_texts(array.field(i)) for i in range(t.num_fields)]
        texts = ["(" + ", ".join(row) + ")" for row in zip(*children)]
    elif pa.types.is_map(t):
        keys, items = column_texts(array.keys), column_texts(array.items)
        pairs = [f"{k}={v}" for k, v in zip(keys, items)]
        offsets = array.offsets.to_pylist()
        first = min(o for o in offsets) if offsets else 0
        texts = ["{" + ", ".join(pairs[a - first:b - first]) + "}" for a, b in zip(offsets, offsets[1:])]
    elif pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_list_view(t) or pa.types.is_fixed_size_list(t):
        if not pa.types.is_list(t):
            array = array.cast(pa.list_(t.value_field))
        values, offsets = column_texts(array.values), array.offsets.to_pylist()
        texts = ["[" + ", ".join(values[a:b]) + "]" for a, b in zip(offsets, offsets[1:])]
    else:
        texts = scalar_texts(array, t)
    return [text if ok else "NULL" for text, ok in zip(texts, valid)]


def scalar_texts(array, t):
    if pa.types.is_boolean(t):
        return ["true" if v else "false" for v in array.to_pylist()]
    if pa.types.is_timestamp(t):
        return [None if v is None else print_timestamp(v, t.unit, t.tz) for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_time64(t):
        return [None if v is None else str(v if t.unit == "us" else v // 1000) for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_time32(t):
        return [None if v is None else str(v * (1000 if t.unit == "ms" else 10**6))
                for v in array.cast(pa.int32()).to_pylist()]
    if pa.types.is_float16(t):
        return [None if v is None else "%.9g" % v for v in array.cast(pa.float32()).to_pylist()]
    if pa.types.is_float32(t):
        return [None if v is None else "%.9g" % v for v in array.to_pylist()]
    if pa.types.is_float64(t):
        return [None if v is None else "%.17g" % v for v in array.to_pylist()]
    if pa.types.is_decimal(t):
        with decimal.localcontext() as context:
            context.prec = 80
            return [None if v is None else print_decimal(int(v.scaleb(t.scale)), t.scale) for v in array.to_pylist()]
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t) or \
            pa.types.is_binary_view(t):
        return [None if v is None else f"x'{v.hex()}'" for v in array.to_pylist()]
    return [str(v) for v in array.to_pylist()]


def table_texts(table, skip=()):
    columns = [column_texts(table.column(i)) for i in range(table.num_columns)]
    return columns


# --- comparing -------------------------------------------------------------------------------------------------


def norm(text):
    return text.replace("-nan", "nan")


def split_top(line):
    """The values of a printed row; texts here hold no commas or brackets of their own."""
    out, depth, start = [], 0, 0
    for i, c in enumerate(line):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            out.append(line[start:i])
            start = i + 2
    out.append(line[start:])
    return out


def compare(what, weir_lines, columns, names, loose=()):
    """weir_lines: rows of batch_print; columns: texts per column. loose: columns that the other reads otherwise."""
    global failures, checks
    checks += 1
    rows = [split_top(line[3:-1]) for line in weir_lines]
    count = len(columns[0]) if columns else 0
    if len(rows) != count:
        failures += 1
        print(f"FAILED {what}: weir has {len(rows)} rows, the other {count}")
        return
    for k, name in enumerate(names):
        if name in loose:
            continue
        for i, row in enumerate(rows):
            if norm(row[k]) != norm(columns[k][i]):
                failures += 1
                print(f"FAILED {what}: row {i}, column {name}: weir {row[k]!r}, the other {columns[k][i]!r}")
                return


def failed(what, why):
    global failures
    failures += 1
    print(f"FAILED {what}: {why}")


# --- weir's files, read by the others --------------------------------------------------------------------------


def bounds_of(path):
    """Statistics and page index, checked against the values: every value lies within its chunk's bounds."""
    file = pq.ParquetFile(path)
    for g in range(file.metadata.num_row_groups):
        group = file.read_row_group(g)
        flat = 0
        for i, name in enumerate(group.schema.names):
            t = group.schema.field(i).type
            if pa.types.is_nested(t):
                return
            stats = file.metadata.row_group(g).column(flat).statistics
            flat += 1
            column = group.column(i)
            if stats is None:
                failed(path, f"{name} has no statistics")
                return
            if stats.null_count != column.null_count:
                failed(path, f"{name}: null_count {stats.null_count}, but {column.null_count}")
            if not stats.has_min_max or t == pa.uuid():
                continue
            values = [v for v in column.to_pylist() if v is not None and v == v]
            raw = lambda v: v.encode() if isinstance(v, str) else v
            if values and (min(map(raw, values)) < raw(stats.min) or max(map(raw, values)) > raw(stats.max)):
                failed(path, f"{name}: bounds {stats.min!r}..{stats.max!r} do not hold {min(values)!r}..{max(values)!r}")


def check_ours(tool):
    folder = tempfile.mkdtemp()
    subprocess.run([tool, "make", folder], check=True)
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    for name in sorted(f for f in os.listdir(folder) if f.endswith(".parquet")):
        path = os.path.join(folder, name)
        with open(path + ".txt", newline="\n") as text:
            lines = text.read().split("\n")[:-1]
        file = pq.ParquetFile(path, page_checksum_verification=True)
        table = file.read()
        compare(f"pyarrow {name}", lines, table_texts(table), table.schema.names)
        ids = [int(f.metadata[b"PARQUET:field_id"]) for f in file.schema_arrow]
        if ids != sorted(set(ids)) or ids[0] != 1:
            failed(name, f"field ids {ids}")
        bounds_of(path)
        result = con.sql(f"select * from read_parquet('{path}')").to_arrow_table()
        compare(f"duckdb {name}", lines, duckdb_texts(result, table), result.schema.names, loose=("tzn",))
        filters(con, path, table, name)
        if "nested" not in name:
            frame = pl.read_parquet(path).to_arrow()
            compare(f"polars {name}", lines, table_texts(frame), frame.schema.names, loose=("u",))


def duckdb_texts(result, table):
    """DuckDB gives UUIDs as text."""
    out = []
    for i, field in enumerate(table.schema):
        column = result.column(i)
        if field.type == pa.uuid() and not isinstance(column.type, pa.UuidType):
            column = pa.chunked_array([pa.array([None if v is None else bytes.fromhex(str(v).replace("-", ""))
                                                 for v in column.to_pylist()], pa.binary(16))])
        out.append(column_texts(column))
    return out


def filters(con, path, table, name):
    """Reading with a filter uses statistics and page index: the count must be that of the values."""
    global checks
    for column in ("i64", "s", "i32"):
        if column not in table.schema.names:
            continue
        values = [v for v in table.column(column).to_pylist() if v is not None]
        if not values:
            continue
        wanted = sorted(values)[len(values) // 2]
        expect = values.count(wanted)
        checks += 1
        got = con.execute(f"select count(*) from read_parquet('{path}') where {column} = ?", [wanted]).fetchall()[0][0]
        if got != expect:
            failed(f"duckdb {name}", f"{column} = {wanted!r}: {got} rows, wanted {expect}")
        got = pq.read_table(path, filters=[(column, "=", wanted)], columns=[column]).num_rows
        if got != expect:
            failed(f"pyarrow {name}", f"{column} = {wanted!r}: {got} rows, wanted {expect}")


# --- the others' files, read by weir ----------------------------------------------------------------------------


def sample(rows=2000, nulls=True):
    rng = np.random.default_rng(1)
    mask = rng.random(rows) < 0.15 if nulls else np.zeros(rows, bool)
    few = [["red", "green", "blue", "a rather long name of a colour", ""][i] for i in rng.integers(0, 5, rows)]
    some = lambda values, t: pa.array([None if m else v for v, m in zip(values, mask)], t)
    ints = rng.integers(-2**63, 2**63 - 1, rows)
    small = rng.integers(0, 2**32, rows)
    micros = rng.integers(-10**14, 2 * 10**15, rows)
    return {
        "b": some([bool(v & 1) for v in ints], pa.bool_()),
        "i8": some([int(v) % 256 - 128 for v in ints], pa.int8()),
        "i16": some([int(v) % 65536 - 32768 for v in ints], pa.int16()),
        "i32": some([int(v) - 2**31 for v in small], pa.int32()),
        "i64": some([int(v) for v in ints], pa.int64()),
        "up": some([i * 1000 + int(v) % 7 for i, v in enumerate(ints)], pa.int64()),
        "u8": some([int(v) % 256 for v in ints], pa.uint8()),
        "u16": some([int(v) % 65536 for v in ints], pa.uint16()),
        "u32": some([int(v) for v in small], pa.uint32()),
        "u64": some([int(v) % 2**64 for v in ints], pa.uint64()),
        "f": some([float(np.float32(v)) for v in rng.standard_normal(rows)], pa.float32()),
        "d": some([float(v) for v in rng.standard_normal(rows)], pa.float64()),
        "s": some(few, pa.string()),
        "uniq": some([f"prefix-{i:07}-{int(v)}" for i, v in enumerate(ints)], pa.string()),
        "bin": some([bytes([int(v) % 256]) * (int(v) % 20) for v in ints], pa.binary()),
        "fx": some([int(v).to_bytes(8, "big", signed=True) for v in ints], pa.binary(8)),
        "d5": some([decimal.Decimal(int(v) % 99999).scaleb(-2) for v in ints], pa.decimal128(5, 2)),
        "d18": some([decimal.Decimal(int(v) % 10**17).scaleb(-4) for v in ints], pa.decimal128(18, 4)),
        "d38": some([decimal.Decimal(int(v)).scaleb(-4) for v in ints], pa.decimal128(38, 4)),
        "dt": some([datetime.date(1970, 1, 1) + datetime.timedelta(days=int(v) % 30000 - 9000) for v in ints], pa.date32()),
        "t32": some([int(v) % 86400000 for v in ints], pa.time32("ms")),
        "t64": some([int(v) % 86400000000 for v in ints], pa.time64("us")),
        "ts": some([int(v) for v in micros], pa.timestamp("us")),
        "tz": some([int(v) for v in micros], pa.timestamp("us", "UTC")),
        "tms": some([int(v) // 1000 for v in micros], pa.timestamp("ms")),
        "l": some([[int(x) for x in range(int(v) % 4)] for v in ints], pa.list_(pa.int32())),
        "ls": some([[None if x == 1 else "x" * x for x in range(int(v) % 5)] for v in ints], pa.list_(pa.string())),
        "ll": some([[None if x == 2 else ["a"] * x for x in range(int(v) % 4)] for v in ints],
                   pa.list_(pa.list_(pa.string()))),
        "m": some([[(f"k{x}", None if x == 1 else int(v) % 10) for x in range(int(v) % 3)] for v in ints],
                  pa.map_(pa.string(), pa.int64())),
        "r": some([{"a": int(v) % 9, "b": None if int(v) % 3 == 0 else {"c": "text", "e": [1.5] * (int(v) % 3)}}
                   for v in ints],
                  pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string()), ("e", pa.list_(pa.float64()))]))])),
    }


def weir_dump(tool, path, what):
    run = subprocess.run([tool, "dump", path], capture_output=True)
    if run.returncode != 0:
        failed(what, run.stderr.decode().strip()[-600:])
        return None
    return [line for line in run.stdout.decode().split("\n")[:-1] if not line.startswith("# ")]


def check_theirs(tool):
    folder = tempfile.mkdtemp()
    columns = sample()
    table = pa.table(columns)
    encodings = {
        "plain": {name: "PLAIN" for name in table.schema.names if not pa.types.is_nested(table.schema.field(name).type)},
        "delta": {"i32": "DELTA_BINARY_PACKED", "i64": "DELTA_BINARY_PACKED", "up": "DELTA_BINARY_PACKED",
                  "dt": "DELTA_BINARY_PACKED", "ts": "DELTA_BINARY_PACKED", "s": "DELTA_LENGTH_BYTE_ARRAY",
                  "uniq": "DELTA_BYTE_ARRAY", "bin": "DELTA_BYTE_ARRAY", "fx": "DELTA_BYTE_ARRAY",
                  "d38": "DELTA_BYTE_ARRAY", "b": "RLE", "ls.list.element": "DELTA_BYTE_ARRAY",
                  "l.list.element": "DELTA_BINARY_PACKED"},
        "split": {"f": "BYTE_STREAM_SPLIT", "d": "BYTE_STREAM_SPLIT", "i32": "BYTE_STREAM_SPLIT",
                  "i64": "BYTE_STREAM_SPLIT", "fx": "BYTE_STREAM_SPLIT", "d38": "BYTE_STREAM_SPLIT",
                  "uniq": "DELTA_LENGTH_BYTE_ARRAY", "t64": "DELTA_BINARY_PACKED", "r.b.c": "DELTA_BYTE_ARRAY",
                  "r.b.e.list.element": "BYTE_STREAM_SPLIT"},
    }
    variants = []
    for page in ("1.0", "2.0"):
        for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
            variants.append((f"dict-{page}-{codec}", dict(compression=codec, data_page_version=page)))
            for name, map in encodings.items():
                variants.append((f"{name}-{page}-{codec}", dict(compression=codec, data_page_version=page,
                                                                 use_dictionary=False, column_encoding=map)))
        variants.append((f"tiny-pages-{page}", dict(data_page_size=200, data_page_version=page, write_batch_size=50,
                                                      dictionary_pagesize_limit=1000, write_page_checksum=True)))
        variants.append((f"groups-{page}", dict(row_group_size=300, data_page_version=page, write_page_index=True)))
        for version in ("1.0", "2.4", "2.6"):
            variants.append((f"version-{version}-{page}", dict(version=version, data_page_version=page)))
        variants.append((f"decimal-int-{page}", dict(store_decimal_as_integer=True, data_page_version=page)))
        variants.append((f"old-lists-{page}", dict(use_compliant_nested_type=False, data_page_version=page)))
        variants.append((f"max-rows-{page}", dict(max_rows_per_page=7, data_page_version=page)))
    for name, options in variants:
        path = os.path.join(folder, name + ".parquet")
        try:
            pq.write_table(table, path, **options)
        except (TypeError, OSError, pa.ArrowException) as e:
            print(f"skipped pyarrow {name}: {e}")
            continue
        back = pq.ParquetFile(path).read() if "version-1.0" not in name else table
        lines = weir_dump(tool, path, f"pyarrow {name}")
        if lines is not None:
            texts = table_texts(back)
            names = back.schema.names
            compare(f"weir reads pyarrow {name}", lines, texts, names)
    # without nulls, and all nulls
    for name, t in (("required", pa.table(sample(nulls=False), schema=pa.schema(
            [pa.field(f.name, f.type, nullable=False) for f in table.schema]))),
            ("all-null", pa.table({n: pa.nulls(100, c.type) for n, c in columns.items()})), ("empty", table.slice(0, 0))):
        path = os.path.join(folder, name + ".parquet")
        pq.write_table(t, path)
        lines = weir_dump(tool, path, name)
        if lines is not None:
            compare(f"weir reads pyarrow {name}", lines, table_texts(t), t.schema.names)
    check_int96(tool, folder, columns)
    check_nanos(tool, folder, columns)
    check_duckdb(tool, folder, table)
    check_polars(tool, folder, table)
    check_fastparquet(tool, folder)
    check_half(tool, folder)


def check_int96(tool, folder, columns):
    path = os.path.join(folder, "int96.parquet")
    t = pa.table({"ts": columns["ts"], "tz": columns["tz"]})
    for use_dictionary in (True, False):
        pq.write_table(t, path, use_deprecated_int96_timestamps=True, use_dictionary=use_dictionary)
        lines = weir_dump(tool, path, "int96")
        if lines is not None:
            compare("weir reads pyarrow int96", lines, [column_texts(c.cast(pa.timestamp("us"))) for c in t.columns], t.schema.names)


def check_nanos(tool, folder, columns):
    path = os.path.join(folder, "nanos.parquet")
    t = pa.table({"ns": columns["i64"].cast(pa.timestamp("ns")), "nz": columns["i64"].cast(pa.timestamp("ns", "UTC")),
                  "tn": columns["t64"].cast(pa.time64("ns"))})
    pq.write_table(t, path)
    lines = weir_dump(tool, path, "nanos")
    if lines is not None:
        compare("weir reads pyarrow nanos", lines, table_texts(t), t.schema.names)


def check_half(tool, folder):
    path = os.path.join(folder, "half.parquet")
    values = np.frombuffer(np.arange(65536, dtype=np.uint16).tobytes(), np.float16)
    t = pa.table({"h": pa.array(values, pa.float16())})
    pq.write_table(t, path)
    lines = weir_dump(tool, path, "half")
    if lines is not None:
        compare("weir reads pyarrow float16", lines, table_texts(t), t.schema.names)


def check_duckdb(tool, folder, table):
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.register("t", table)
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4_raw"):
        for version in ("V1", "V2"):
            path = os.path.join(folder, f"duckdb-{codec}-{version}.parquet")
            con.execute(f"copy (select * from t) to '{path}' (format parquet, compression {codec}, parquet_version {version}, "
                        "row_group_size 1000)")
            back = con.sql(f"select * from read_parquet('{path}')").to_arrow_table()  # pyarrow fails on some of them
            lines = weir_dump(tool, path, f"duckdb {codec} {version}")
            if lines is not None:
                compare(f"weir reads duckdb {codec} {version}", lines, duckdb_texts(back, back), back.schema.names)


def check_polars(tool, folder, table):
    frame = pl.from_arrow(table.select([n for n in table.schema.names if n not in ("m",)]))
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4"):
        path = os.path.join(folder, f"polars-{codec}.parquet")
        frame.write_parquet(path, compression=codec, data_page_size=3000)
        back = pq.read_table(path)
        lines = weir_dump(tool, path, f"polars {codec}")
        if lines is not None:
            compare(f"weir reads polars {codec}", lines, table_texts(back), back.schema.names)


def check_fastparquet(tool, folder):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({
        "i": rng.integers(0, 2**40, 1000), "f": rng.standard_normal(1000),
        "s": [f"text {i % 17}" for i in range(1000)],
        "b": rng.integers(0, 2, 1000).astype(bool),
        "n": pd.array([None if i % 5 == 0 else i for i in range(1000)], dtype="Int64"),
    })
    frame["s"] = frame["s"].astype(object)
    for codec in ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"):
        path = os.path.join(folder, f"fastparquet-{codec}.parquet")
        try:
            fastparquet.write(path, frame, compression=codec, row_group_offsets=300)
        except Exception as e:  # a pandas too new for it
            print(f"skipped fastparquet {codec}: {e!r}"[:200])
            continue
        back = pq.read_table(path)
        lines = weir_dump(tool, path, f"fastparquet {codec}")
        if lines is not None:
            compare(f"weir reads fastparquet {codec}", lines, table_texts(back), back.schema.names)


# --- Spark -----------------------------------------------------------------------------------------------------

# What Spark can read; it knows no TIME, FIXED and UUID.
SPARK_SCHEMAS = {
    "flat": "b boolean, i8 tinyint, i16 smallint, i32 int, i64 bigint, f float, d double, d5 decimal(5,2), "
            "d18 decimal(18,3), d20 decimal(20,0), d38 decimal(38,10), dt date, ts timestamp_ntz, tz timestamp, s string, "
            "bin binary",
    "required": "b boolean, i32 int, i64 bigint, d double, d38 decimal(38,10), ts timestamp_ntz, s string",
    "nested": "l array<int>, ln array<string>, m map<string,string>, "
              "r struct<a:int,b:string,c:struct<d:double,e:array<bigint>>>, ll array<array<array<int>>>, "
              "mm map<int,map<string,array<struct<x:date,y:map<string,int>>>>>, lr array<struct<p:int,q:array<string>>>",
}


def check_spark(tool):
    """Spark reads weir's files, filters by their page index, and writes what it read; weir and pyarrow read that."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        print("skipped Spark: no pyspark")
        return
    spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC")
             .config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1")
             .config("spark.driver.host", "127.0.0.1").getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    for key in ("datetimeRebaseModeInRead", "datetimeRebaseModeInWrite", "int96RebaseModeInRead", "int96RebaseModeInWrite"):
        spark.conf.set("spark.sql.parquet." + key, "CORRECTED")
    folder = tempfile.mkdtemp()
    subprocess.run([tool, "make", folder], check=True)
    for name in sorted(f for f in os.listdir(folder) if f.endswith(".parquet")):
        path = os.path.join(folder, name)
        with open(path + ".txt", newline="\n") as text:
            lines = text.read().split("\n")[:-1]
        original = pq.ParquetFile(path).read()
        for vectorized in ("true", "false"):
            spark.conf.set("spark.sql.parquet.enableVectorizedReader", vectorized)
            spark.conf.set("spark.sql.parquet.enableNestedColumnVectorizedReader", vectorized)
            frame = spark.read.schema(SPARK_SCHEMAS[name.split("-")[0]]).parquet(path)
            out = os.path.join(folder, f"spark-{vectorized}-{name}")
            frame.coalesce(1).write.parquet(out)
            part = os.path.join(out, next(f for f in os.listdir(out) if f.endswith(".parquet")))
            check_spark_copy(tool, name, part, lines, original)
            spark_filters(frame, original, name)
    spark.stop()


def check_spark_copy(tool, name, part, lines, original):
    """INT96 does not say whether it is an instant, so its Z is left out of the comparison."""
    back = pq.ParquetFile(part).read()
    places = [original.schema.names.index(n) for n in back.schema.names]
    rows = [split_top(line[3:-1]) for line in lines]
    want = ["+I(" + ", ".join(row[k] for k in places) + ")" for row in rows]
    no_zone = lambda text: text[:-1] if text.endswith("Z") and text[:1].isdigit() else text
    loose = [n for n in back.schema.names if n == "tz"]
    compare(f"spark {name}", want, table_texts(back), back.schema.names, loose=loose)
    dump = weir_dump(tool, part, f"spark's copy of {name}")
    if dump is not None:
        columns = list(map(list, zip(*[[no_zone(row[k]) for k in places] for row in rows])))
        compare(f"weir reads spark's copy of {name}", dump, columns, back.schema.names)


def spark_filters(frame, table, name):
    global checks
    for column in ("i64", "s", "i32"):
        if column not in table.schema.names:
            continue
        values = [v for v in table.column(column).to_pylist() if v is not None]
        wanted = sorted(values)[len(values) // 2]
        checks += 1
        got = frame.filter(frame[column] == wanted).count()
        if got != values.count(wanted):
            failed(f"spark {name}", f"{column} = {wanted!r}: {got} rows, wanted {values.count(wanted)}")


if __name__ == "__main__":
    parquet_make = build(sys.argv[1] if len(sys.argv) > 1 else "build")
    check_ours(parquet_make)
    check_theirs(parquet_make)
    check_spark(parquet_make)
    print(f"{checks} comparisons, {failures} failed")
    sys.exit(failures > 0)
