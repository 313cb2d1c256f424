"""spark_read.py: one Spark session: writes tables as Parquet files and runs queries. The order is JSON on standard input:
{"jars": folder, "conf": {...}, "tables": {name: identifier}, "out": folder, "queries": [text, ...]}."""
import glob
import json
import sys

from pyspark.sql import SparkSession

order = json.load(sys.stdin)
builder = SparkSession.builder.master("local[2]").config("spark.jars", ",".join(glob.glob(order["jars"] + "/*.jar"))).config(
    "spark.driver.memory", "2g")
for key, value in order["conf"].items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
for name, identifier in order["tables"].items():
    spark.table(identifier).write.parquet(f"{order['out']}/{name}")
for query in order["queries"]:
    spark.sql(query).collect()
spark.stop()
