-- exit: 1
CREATE TABLE ticks (seen TIMESTAMP(3), WATERMARK FOR seen AS seen) WITH ('connector' = 'datagen', 'number-of-rows' = '2',
  'scan.watermark.idle-timeout' = '5 s', 'scan.watermark.emit.strategy' = 'on-periodic');
SELECT 'told' AS idle FROM ticks;
SELECT 'hinted' AS idle FROM ticks /*+ OPTIONS('scan.watermark.idle-timeout' = '1 min') */;
SELECT seen FROM ticks /*+ OPTIONS('scan.watermark.alignment.group' = 'all') */;
