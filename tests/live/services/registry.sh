# registry.sh: an in-memory schema registry with the REST API of Confluent's, from registry/main.go. It forgets everything
# when it stops, and calls every schema compatible.
registry_port() { echo "$WEIR_REGISTRY_PORT"; }
registry_env() { echo "export WEIR_TEST_REGISTRY=http://127.0.0.1:$WEIR_REGISTRY_PORT"; }

registry_install() {
    need curl curl
    [ "$WEIR_CACHE/bin/registry" -nt "$HERE/registry/main.go" ] && return
    need_go
    say "building the registry"
    mkdir -p "$WEIR_CACHE/bin"
    (cd "$HERE/registry" && nice "$GO" build -o "$WEIR_CACHE/bin/registry" .) >&2 ||
        die "could not build the registry (see above)"
}

registry_start() { # run folder
    exec "$WEIR_CACHE/bin/registry" -listen "127.0.0.1:$WEIR_REGISTRY_PORT" -user "${WEIR_REGISTRY_USER-}"
}

registry_ready() {
    curl -sf -m 2 -o /dev/null ${WEIR_REGISTRY_USER:+--user "$WEIR_REGISTRY_USER"} \
        "http://127.0.0.1:$WEIR_REGISTRY_PORT/subjects"
}
