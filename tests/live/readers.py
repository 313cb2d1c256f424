"""readers.py: the job's tables through pyiceberg, DuckDB and Spark, as Arrow tables. A job's `tables` are names of this test's
to names of the catalog's; of one without they are the health job's."""
import json
import os
import pathlib
import subprocess
import sys
import urllib.parse

import duckdb
import pyarrow.fs
import pyarrow.parquet

from live import HERE, Failed, check

TABLES = {"raw": "health_data_raw", "errors": "health_data_errors", "daily": "health_data_daily_agg",
          "weekly": "health_data_weekly_agg", "monthly": "health_data_monthly_agg"}
READERS = ("pyiceberg", "duckdb", "spark")


def s3_properties(services):
    return {"s3.endpoint": services.s3, "s3.access-key-id": services.access, "s3.secret-access-key": services.secret,
            "s3.region": "us-east-1", "s3.path-style-access": "true", "s3.force-virtual-addressing": "false"}


def tables_of(job):
    return getattr(job, "tables", TABLES)


def is_local(job):
    return not job.warehouse.startswith("s3")


def file_system(job):
    if is_local(job):
        return pyarrow.fs.LocalFileSystem()
    services = job.run.services
    return pyarrow.fs.S3FileSystem(access_key=services.access, secret_key=services.secret, region="us-east-1",
                                   scheme="http", endpoint_override=urllib.parse.urlparse(services.s3).netloc)


def plain(path):
    """A path as Arrow's file systems want it."""
    return path.split("://", 1)[1] if "://" in path else path


def newest_metadata(job, table):
    """Of a hadoop table: the path of vN.metadata.json or vN.gz.metadata.json with the largest N."""
    folder = f"{job.warehouse}/{job.database}/{tables_of(job)[table]}/metadata"
    found = {}
    for info in file_system(job).get_file_info(pyarrow.fs.FileSelector(plain(folder))):
        number = info.base_name.split(".")[0][1:]
        if info.base_name.startswith("v") and info.base_name.endswith("metadata.json") and number.isdigit():
            found[int(number)] = info.base_name
    check(found, f"there is no metadata in {folder}")
    return f"{folder}/{found[max(found)]}"


# --- pyiceberg ----------------------------------------------------------------------------------------------------------


def rest_catalog(job):
    from pyiceberg.catalog.rest import RestCatalog
    return RestCatalog("live", uri=job.run.services.catalog, **s3_properties(job.run.services))


def iceberg_table(job, table):
    if job.catalog == "rest":
        return rest_catalog(job).load_table((job.database, tables_of(job)[table]))
    from pyiceberg.table import StaticTable
    path = newest_metadata(job, table)
    return StaticTable.from_metadata(path if "://" in path else f"file://{path}",
                                     {} if is_local(job) else s3_properties(job.run.services))


def pyiceberg(job):
    return {table: iceberg_table(job, table).scan().to_arrow() for table in tables_of(job)}


# --- DuckDB -------------------------------------------------------------------------------------------------------------


def duckdb_connection(job):
    """A connection with a view of each table, under its own name."""
    connection = duckdb.connect()
    for extension in ("avro", "httpfs", "iceberg"):
        module = __import__(f"duckdb_extension_{extension}")
        file = next(pathlib.Path(module.__path__[0]).rglob(f"{extension}.duckdb_extension"))
        connection.execute(f"LOAD '{file}'")
    services = job.run.services
    connection.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{services.access}', SECRET '{services.secret}', REGION 'us-east-1', "
                       f"ENDPOINT '{urllib.parse.urlparse(services.s3).netloc}', URL_STYLE 'path', USE_SSL false)")
    for table, name in tables_of(job).items():
        path = iceberg_table(job, table).metadata_location if job.catalog == "rest" else newest_metadata(job, table)
        codec = ", metadata_compression_codec = 'gzip'" if ".gz." in path else ""
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM iceberg_scan('{path}'{codec})")
    return connection


def duckdb_tables(job):
    connection = duckdb_connection(job)
    return {table: connection.execute(f"SELECT * FROM {name}").to_arrow_table() for table, name in tables_of(job).items()}


# --- Spark --------------------------------------------------------------------------------------------------------------


def spark_configuration(job):
    services = job.run.services
    catalog = "spark.sql.catalog.health_catalog"
    c = {"spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
         catalog: "org.apache.iceberg.spark.SparkCatalog", f"{catalog}.type": job.catalog, "spark.ui.enabled": "false",
         "spark.ui.showConsoleProgress": "false",
         "spark.sql.session.timeZone": "UTC", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
         "spark.sql.shuffle.partitions": "2"}
    if job.catalog == "rest":
        c |= {f"{catalog}.uri": services.catalog, f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
              f"{catalog}.s3.endpoint": services.s3, f"{catalog}.s3.path-style-access": "true",
              f"{catalog}.s3.access-key-id": services.access, f"{catalog}.s3.secret-access-key": services.secret,
              f"{catalog}.client.region": "us-east-1"}
    else:
        c[f"{catalog}.warehouse"] = job.warehouse if not is_local(job) else f"file://{job.warehouse}"
        c |= {"spark.hadoop.fs.s3a.endpoint": services.s3, "spark.hadoop.fs.s3a.access.key": services.access,
              "spark.hadoop.fs.s3a.secret.key": services.secret, "spark.hadoop.fs.s3a.path.style.access": "true",
              "spark.hadoop.fs.s3a.connection.ssl.enabled": "false"}
    return c


def spark(job, queries=()):
    """The tables; queries: SQL texts that are run too."""
    libs = subprocess.run([HERE / "spark_libs.sh"], capture_output=True, text=True, check=True).stdout.split()[-1]
    out = job.folder / f"spark-{os.urandom(4).hex()}"
    order = {"jars": libs, "conf": spark_configuration(job), "out": str(out), "queries": list(queries),
             "tables": {t: f"health_catalog.{job.database}.{name}" for t, name in tables_of(job).items()}}
    done = subprocess.run([sys.executable, HERE / "spark_read.py"], input=json.dumps(order), capture_output=True, text=True,
                          env={**os.environ, "AWS_REGION": "us-east-1", "SPARK_LOCAL_IP": "127.0.0.1"})
    if done.returncode != 0:
        raise Failed(f"Spark: {done.stderr[-4000:]}")
    return {table: pyarrow.parquet.read_table(out / table) for table in tables_of(job)}


def read(reader, job, queries=()):
    if reader == "pyiceberg":
        return pyiceberg(job)
    return duckdb_tables(job) if reader == "duckdb" else spark(job, queries)


# --- queries ------------------------------------------------------------------------------------------------------------


def queries(engine):
    """Those of queries.sql that are for this engine: [(title, text)]."""
    found = []
    for block in (HERE / "queries.sql").read_text().split(";\n"):
        lines = [line for line in block.strip().splitlines()]
        titles = [line[3:] for line in lines if line.startswith("-- ")]
        body = "\n".join(line for line in lines if not line.startswith("--")).strip()
        only = [t.split(":", 1)[1].strip() for t in titles if t.startswith("only:")]
        if body and (not only or engine in only):
            title = next((t for t in reversed(titles) if not t.startswith("only:")), "?")
            found.append((title, body))
    return found
