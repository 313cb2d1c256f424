/* file_kind.h: what the files of a filesystem table are. */
#ifndef WEIR_CONNECTORS_FILE_KIND_H
#define WEIR_CONNECTORS_FILE_KIND_H

enum file_kind {
    FILE_LINES,  /* payloads of a format, one a line */
    FILE_AVRO,   /* a container: read whole, written in blocks */
    FILE_PARQUET /* read and written by row groups */
};
#endif
