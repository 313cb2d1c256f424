/* parquet_format.h: the numbers of the Parquet format that its readers and writers share.
 * Source: apache/parquet-format, parquet.thrift. A file is
 *
 *   "PAR1" | column chunks of row group 0 | ... of row group n | page indexes | footer | footer length 4 |
 * "PAR1"
 *
 * and a column chunk is [dictionary page] data page ..., each page a Thrift header and a body.
 */
#ifndef WEIR_PARQUET_PARQUET_FORMAT_H
#define WEIR_PARQUET_PARQUET_FORMAT_H
#include "base/base.h"

#define PARQUET_MAGIC     "PAR1"
#define PARQUET_MAGIC_LEN 4
#define PARQUET_TAIL_LEN  8   /* footer length and magic */
#define PARQUET_LEVEL_MAX 120 /* of definition and repetition; deeper nesting is refused */

enum parquet_physical {
    PHYSICAL_BOOLEAN = 0,
    PHYSICAL_INT32 = 1,
    PHYSICAL_INT64 = 2,
    PHYSICAL_INT96 = 3,
    PHYSICAL_FLOAT = 4,
    PHYSICAL_DOUBLE = 5,
    PHYSICAL_BYTES = 6, /* BYTE_ARRAY */
    PHYSICAL_FIXED = 7, /* FIXED_LEN_BYTE_ARRAY */
    PHYSICAL_COUNT,
};

enum parquet_repetition { REPETITION_REQUIRED, REPETITION_OPTIONAL, REPETITION_REPEATED };

enum parquet_encoding {
    ENCODING_PLAIN = 0,
    ENCODING_PLAIN_DICTIONARY = 2,
    ENCODING_RLE = 3,
    ENCODING_BIT_PACKED = 4,
    ENCODING_DELTA_BINARY_PACKED = 5,
    ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6,
    ENCODING_DELTA_BYTE_ARRAY = 7,
    ENCODING_RLE_DICTIONARY = 8,
    ENCODING_BYTE_STREAM_SPLIT = 9,
};

enum parquet_page_type { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

/* CompressionCodec: the number in the file (enum parquet_codec is the one in options). */
enum parquet_compression {
    COMPRESSION_NONE = 0,
    COMPRESSION_SNAPPY = 1,
    COMPRESSION_GZIP = 2,
    COMPRESSION_LZO = 3,
    COMPRESSION_BROTLI = 4,
    COMPRESSION_LZ4 = 5,
    COMPRESSION_ZSTD = 6,
    COMPRESSION_LZ4_RAW = 7,
};

enum parquet_converted {
    CONVERTED_NONE = -1,
    CONVERTED_UTF8 = 0,
    CONVERTED_MAP = 1,
    CONVERTED_MAP_KEY_VALUE = 2,
    CONVERTED_LIST = 3,
    CONVERTED_ENUM = 4,
    CONVERTED_DECIMAL = 5,
    CONVERTED_DATE = 6,
    CONVERTED_TIME_MILLIS = 7,
    CONVERTED_TIME_MICROS = 8,
    CONVERTED_TIMESTAMP_MILLIS = 9,
    CONVERTED_TIMESTAMP_MICROS = 10,
    CONVERTED_UINT_8 = 11,
    CONVERTED_UINT_16 = 12,
    CONVERTED_UINT_32 = 13,
    CONVERTED_UINT_64 = 14,
    CONVERTED_INT_8 = 15,
    CONVERTED_INT_16 = 16,
    CONVERTED_INT_32 = 17,
    CONVERTED_INT_64 = 18,
    CONVERTED_JSON = 19,
    CONVERTED_BSON = 20,
    CONVERTED_INTERVAL = 21,
};

/* Field numbers of the union LogicalType. */
enum parquet_logical {
    LOGICAL_NONE = 0,
    LOGICAL_STRING = 1,
    LOGICAL_MAP = 2,
    LOGICAL_LIST = 3,
    LOGICAL_ENUM = 4,
    LOGICAL_DECIMAL = 5,
    LOGICAL_DATE = 6,
    LOGICAL_TIME = 7,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_INTEGER = 10,
    LOGICAL_UNKNOWN = 11,
    LOGICAL_JSON = 12,
    LOGICAL_BSON = 13,
    LOGICAL_UUID = 14,
    LOGICAL_FLOAT16 = 15,
};

enum parquet_unit { UNIT_NONE = 0, UNIT_MILLIS = 1, UNIT_MICROS = 2, UNIT_NANOS = 3 };

/* Bits that hold 0..max. */
static inline int parquet_bits(uint32_t max)
{
    return max ? 32 - __builtin_clz(max) : 0;
}
#endif
