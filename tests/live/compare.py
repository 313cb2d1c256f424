"""compare.py: the tables as a reader sees them against the oracle's word. Doubles must be the same to the last bit, but for
the standard deviation (1e-9)."""
import collections

import duckdb

import oracle

CLOSE = "stddev_value"
SHOWN = 5


class Mismatch(Exception):
    pass


def normal(connection, name, columns):
    """SELECT of a registered table with columns that EXCEPT can compare."""
    fields = []
    for column in columns:
        if column == "metadata":
            fields.append("list_sort(map_entries(metadata))::VARCHAR AS metadata")
        elif column != CLOSE:
            fields.append(f'"{column}"')
    return f"SELECT {', '.join(fields)} FROM {name}"


def differences(connection, want, got, columns):
    one, other = normal(connection, want, columns), normal(connection, got, columns)
    missing = connection.execute(f"({one}) EXCEPT ALL ({other})").fetchall()
    extra = connection.execute(f"({other}) EXCEPT ALL ({one})").fetchall()
    return missing, extra


def stddev_apart(connection, want, got, columns):
    key = [c for c in columns if c in ("user_id", "data_type") or c in oracle.TIMES]
    on = " AND ".join(f'w."{c}" = g."{c}"' for c in key)
    return connection.execute(
        f"SELECT w.user_id, w.data_type, w.window_start, w.{CLOSE}, g.{CLOSE} FROM {want} w JOIN {got} g ON {on} WHERE "
        f"NOT (abs(w.{CLOSE} - g.{CLOSE}) <= 1e-9 * greatest(abs(w.{CLOSE}), 1)) OR g.{CLOSE} IS NULL").fetchall()


def compare_rows(reader, name, want, got, columns):
    connection = duckdb.connect()
    connection.register("want", want)
    connection.register("got", got)
    missing, extra = differences(connection, "want", "got", columns)
    apart = stddev_apart(connection, "want", "got", columns) if CLOSE in columns else []
    if missing or extra or apart:
        raise Mismatch(f"{reader} reads {got.num_rows} rows in table {name}, wanted {want.num_rows}; {len(missing)} are missing: "
                       f"{missing[:SHOWN]}; {len(extra)} are too many: {extra[:SHOWN]}; {len(apart)} have another standard "
                       f"deviation: {apart[:SHOWN]}")


def compare_errors(reader, tables, got):
    """The errors by kind and origin, and their payloads."""
    rows = got.select(["error_type", "kafka_partition", "kafka_offset", "user_id", "data_type", "sample_id",
                       "raw_payload"]).to_pylist()
    want = collections.Counter(tables.errors)
    have = collections.Counter((r["error_type"], r["kafka_partition"], r["kafka_offset"], r["user_id"], r["data_type"],
                                r["sample_id"]) for r in rows)
    if want != have:
        missing, extra = want - have, have - want
        raise Mismatch(f"{reader} reads {len(rows)} rows in table errors, wanted {len(tables.errors)}; {missing.total()} are "
                       f"missing: {list(missing)[:SHOWN]}; {extra.total()} are too many: {list(extra)[:SHOWN]}")
    shown = set()
    for row in rows:
        origin = row["kafka_partition"], row["kafka_offset"]
        value = tables.payloads[origin]
        if row["raw_payload"] is not None:
            shown.add(origin)
            if value is None or row["raw_payload"] != oracle.printable(value):
                raise Mismatch(f"{reader}: the payload of the error at {origin} is not the record's")
        elif value is not None and len(value) < oracle.LARGE_PAYLOAD:
            raise Mismatch(f"{reader}: the error at {origin} has no payload")
    absent = {o for o, v in tables.payloads.items() if v is not None} - shown
    if absent:
        raise Mismatch(f"{reader}: no error of {sorted(absent)[:SHOWN]} has its payload")


def compare_all(reader, tables, want, got):
    """got: Arrow tables raw, errors, daily, weekly, monthly."""
    compare_rows(reader, "raw", want["raw"], got["raw"], oracle.RAW)
    compare_errors(reader, tables, got["errors"])
    for name, columns in oracle.AGGREGATES.items():
        compare_rows(reader, name, want[name], got[name], columns)
