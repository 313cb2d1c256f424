-- queries.sql: the questions that operators ask of the aggregate tables, as the operations guide has them. They run as they
-- are in Spark and DuckDB, but for those marked "only".

-- a user's heart rate, day by day
SELECT user_id, aggregation_date, min_value, max_value, avg_value, stddev_value, count
FROM health_catalog.health_db.health_data_daily_agg
WHERE user_id = 'user-123' AND data_type = 'heartRate' AND aggregation_date >= '2025-11-01'
ORDER BY aggregation_date DESC;

-- steps a day of all users
SELECT user_id, aggregation_date, sum_value AS total_steps, avg_value AS avg_steps, count AS measurements
FROM health_catalog.health_db.health_data_daily_agg
WHERE data_type = 'steps' AND aggregation_date BETWEEN '2025-11-01' AND '2025-11-17'
ORDER BY user_id, aggregation_date;

-- users with unusual heart rates
SELECT user_id, aggregation_date, max_value AS peak_heart_rate, avg_value AS avg_heart_rate
FROM health_catalog.health_db.health_data_daily_agg
WHERE data_type = 'heartRate' AND (max_value > 200 OR min_value < 40) AND aggregation_date >= CURRENT_DATE - INTERVAL 7 DAYS;

-- a user's weeks
SELECT user_id, year, week_of_year, week_start_date, week_end_date, data_type, avg_value, min_value, max_value
FROM health_catalog.health_db.health_data_weekly_agg
WHERE user_id = 'user-123' AND year = 2025
ORDER BY week_of_year DESC;

-- weeks across users
SELECT data_type, week_start_date, COUNT(DISTINCT user_id) AS user_count, AVG(avg_value) AS overall_avg,
       MIN(min_value) AS overall_min, MAX(max_value) AS overall_max
FROM health_catalog.health_db.health_data_weekly_agg
WHERE year = 2025 AND week_of_year >= 40
GROUP BY data_type, week_start_date
ORDER BY data_type, week_start_date;

-- a user's months
SELECT user_id, year, month, data_type, avg_value, count, record_count
FROM health_catalog.health_db.health_data_monthly_agg
WHERE user_id = 'user-123' AND year = 2025
ORDER BY month DESC, data_type;

-- a month against the same month of the year before
SELECT user_id, data_type, year, month, avg_value,
       LAG(avg_value) OVER (PARTITION BY user_id, data_type, month ORDER BY year) AS prev_year_avg
FROM health_catalog.health_db.health_data_monthly_agg
WHERE user_id = 'user-123' AND data_type = 'heartRate'
ORDER BY year, month;

-- any hundred days
SELECT user_id, data_type, aggregation_date, avg_value, count
FROM health_catalog.health_db.health_data_daily_agg
WHERE aggregation_date >= DATE '2025-11-01'
LIMIT 100;

-- the mean of seven days
SELECT user_id, data_type, aggregation_date, avg_value,
       AVG(avg_value) OVER (PARTITION BY user_id, data_type ORDER BY aggregation_date
                            ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS moving_avg_7d
FROM health_catalog.health_db.health_data_daily_agg
WHERE user_id = 'user-123' AND data_type = 'heartRate'
ORDER BY aggregation_date;

-- days far from a user's mean
WITH stats AS (
  SELECT user_id, data_type, AVG(avg_value) AS mean_value, STDDEV(avg_value) AS std_value
  FROM health_catalog.health_db.health_data_daily_agg
  WHERE aggregation_date >= CURRENT_DATE - INTERVAL 30 DAYS
  GROUP BY user_id, data_type
)
SELECT d.user_id, d.data_type, d.aggregation_date, d.avg_value, s.mean_value, s.std_value,
       ABS(d.avg_value - s.mean_value) / s.std_value AS z_score
FROM health_catalog.health_db.health_data_daily_agg d
JOIN stats s ON d.user_id = s.user_id AND d.data_type = s.data_type
WHERE ABS(d.avg_value - s.mean_value) / s.std_value > 3
ORDER BY z_score DESC;

-- users by the height of their heart rate
SELECT CASE WHEN avg_value < 60 THEN 'Low' WHEN avg_value BETWEEN 60 AND 100 THEN 'Normal' ELSE 'High' END
         AS heart_rate_category,
       COUNT(DISTINCT user_id) AS user_count, AVG(avg_value) AS avg_heart_rate
FROM health_catalog.health_db.health_data_daily_agg
WHERE data_type = 'heartRate' AND aggregation_date >= CURRENT_DATE - INTERVAL 7 DAYS
GROUP BY 1
ORDER BY 1;

-- which errors, by day
SELECT error_type, COUNT(*) AS error_count, COUNT(DISTINCT kafka_partition) AS partitions
FROM health_catalog.health_db.health_data_errors
GROUP BY error_type
ORDER BY error_count DESC;

-- samples of a type that came in over a day
SELECT data_type, COUNT(*) AS samples, MIN(start_date) AS first_sample, MAX(start_date) AS last_sample
FROM health_catalog.health_db.health_data_raw
WHERE start_date >= '2025-11-02' AND start_date < '2025-11-03'
GROUP BY data_type
ORDER BY data_type;

-- snapshots of a table
-- only: spark
SELECT committed_at, snapshot_id, operation FROM health_catalog.health_db.health_data_raw.snapshots
ORDER BY committed_at DESC;

-- files of a table
-- only: spark
SELECT file_path, record_count, file_size_in_bytes FROM health_catalog.health_db.health_data_daily_agg.files;
