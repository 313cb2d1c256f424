# minio.sh: MinIO, an object store that speaks S3, with one bucket for warehouses and checkpoints. Its build takes minutes,
# once.
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c

minio_port() { echo "$WEIR_MINIO_PORT"; }
minio_url() { echo "http://127.0.0.1:$WEIR_MINIO_PORT"; }

minio_env() {
    echo "export WEIR_TEST_S3=$(minio_url)"
    echo "export WEIR_TEST_S3_ACCESS_KEY=$WEIR_MINIO_USER"
    echo "export WEIR_TEST_S3_SECRET_KEY=$WEIR_MINIO_PASSWORD"
    echo "export WEIR_TEST_S3_BUCKET=$WEIR_WAREHOUSE_BUCKET"
}

minio_install() {
    need curl curl
    [ ! -x "$WEIR_CACHE/bin/minio" ] || return 0
    need_go
    say "building MinIO (some minutes)"
    mkdir -p "$WEIR_CACHE/bin"
    GOBIN="$WEIR_CACHE/bin" nice "$GO" install -p 2 "github.com/minio/minio@$MINIO_VERSION" >&2 ||
        die "could not build MinIO (see above)"
}

minio_start() { # run folder
    export MINIO_ROOT_USER="$WEIR_MINIO_USER" MINIO_ROOT_PASSWORD="$WEIR_MINIO_PASSWORD"
    export MINIO_UPDATE=off MINIO_BROWSER=off MINIO_CALLHOME_ENABLE=off
    exec "$WEIR_CACHE/bin/minio" server --quiet --address "127.0.0.1:$WEIR_MINIO_PORT" \
        --console-address "127.0.0.1:$((WEIR_MINIO_PORT + 1))" "$1/data"
}

# Ready once the bucket is there: made (200), or made before (409).
minio_ready() {
    curl -sf -m 2 "$(minio_url)/minio/health/ready" || return 1
    case $(curl -s -m 5 -o /dev/null -w '%{http_code}' -X PUT --aws-sigv4 aws:amz:us-east-1:s3 \
        --user "$WEIR_MINIO_USER:$WEIR_MINIO_PASSWORD" "$(minio_url)/$WEIR_WAREHOUSE_BUCKET") in
    200 | 409) ;;
    *) return 1 ;;
    esac
}
