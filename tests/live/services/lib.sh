# lib.sh: what the services have in common: places, ports, missing tools, processes. Sourced by services.sh.
#
# May be set in the environment:
#   WEIR_CACHE   what was fetched or built, shared by all runs     (~/.cache/weir)
#   WEIR_RUN     data, logs and pid files of this run              (/tmp/weir-services-UID)
#   WEIR_*_PORT  where a service listens; WEIR_*_HEAP  of the Java ones
#   WEIR_SUDO    how to become root for apt-get ("sudo" unless root already; "false": never)
#
# A service NAME is a file with functions NAME_install, NAME_start (becomes the process by exec), NAME_ready, NAME_port
# and NAME_env. Its process is known by pid and start time, so a number that was reused is never taken for it.
: "${WEIR_CACHE:=${HOME}/.cache/weir}"
: "${WEIR_RUN:=${TMPDIR:-/tmp}/weir-services-$(id -u)}"
: "${WEIR_KAFKA_PORT:=19092}" "${WEIR_KAFKA_CONTROLLER_PORT:=$((WEIR_KAFKA_PORT + 1))}" "${WEIR_KAFKA_HEAP:=512m}"
: "${WEIR_MINIO_PORT:=19000}" "${WEIR_MINIO_USER:=weir}" "${WEIR_MINIO_PASSWORD:=weir-password}"
: "${WEIR_REGISTRY_PORT:=18085}"
: "${WEIR_ICEBERG_REST_PORT:=18181}" "${WEIR_ICEBERG_REST_HEAP:=256m}"
: "${WEIR_WAREHOUSE_BUCKET:=warehouse}"

GO_VERSION=1.24.8 # what MinIO asks for; older Gos fetch it

say() { echo "services: $*" >&2; }
die() {
    say "$*"
    exit 1
}

# --- missing tools ------------------------------------------------------------------------------------------------

need() { # command, Debian package
    command -v "$1" >/dev/null && return
    local sudo=${WEIR_SUDO-}
    [ -n "$sudo" ] || [ "$(id -u)" = 0 ] || sudo=sudo
    command -v apt-get >/dev/null || die "$1 is missing and there is no apt-get: install it and try again"
    say "installing $2 for $1"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2" >&2 ||
        die "could not install $2; run 'apt-get update', or install $1 by hand"
}

need_java() { need java openjdk-17-jre-headless; }

at_least() { # version, wanted: true when version >= wanted
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -1)" = "$2" ]
}

# Sets GO to a Go that can build MinIO. Go 1.21 and later fetch the toolchain they are told; Debian 12's 1.19 does not
# know how, but the toolchain is a module, so it can be fetched as one and laid out by hand: executable bits are not kept
# in a module, and its nested go.mod files are stored as _go.mod.
need_go() {
    need go golang-go
    local have dir module="golang.org/toolchain@v0.0.1-go$GO_VERSION.linux-$(go env GOARCH)"
    have=$(GOTOOLCHAIN=local go env GOVERSION)
    have=${have#go}
    GO=go
    if at_least "$have" "$GO_VERSION"; then
        return
    elif at_least "$have" 1.21; then
        export GOTOOLCHAIN="go$GO_VERSION"
        return
    fi
    dir="$WEIR_CACHE/go-$GO_VERSION"
    if [ ! -x "$dir/bin/go" ]; then
        say "Go $have is too old: fetching $GO_VERSION as a module"
        mkdir -p "$WEIR_CACHE/tmp"
        (cd "$WEIR_CACHE/tmp" && go mod download -json "$module") >"$WEIR_CACHE/tmp/toolchain.json" ||
            die "could not fetch $module"
        rm -rf "$dir.part"
        cp -r "$(sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p' "$WEIR_CACHE/tmp/toolchain.json")" "$dir.part"
        chmod -R u+w "$dir.part"
        find "$dir.part" -name _go.mod | while read -r file; do mv "$file" "${file%_go.mod}go.mod"; done
        chmod +x "$dir.part"/bin/* "$dir.part"/pkg/tool/*/*
        mv "$dir.part" "$dir"
    fi
    export GOROOT="$dir" GOTOOLCHAIN=local
    GO="$dir/bin/go"
}

# All jars of some Maven coordinates (group:artifact:version[:classifier]) and what they depend on, in
# $WEIR_CACHE/maven/NAME/libs. The list is kept beside them, so a changed one is fetched afresh.
maven_libs() { # name, coordinates...
    local name=$1 dir="$WEIR_CACHE/maven/$1" coordinate group artifact version classifier
    shift
    [ -f "$dir/complete" ] && [ "$(cat "$dir/complete")" = "$*" ] && return
    need_java
    need mvn maven
    rm -rf "$dir"
    mkdir -p "$dir"
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo "<groupId>weir</groupId><artifactId>$name</artifactId><version>1</version><packaging>pom</packaging>"
        echo '<dependencies>'
        for coordinate in "$@"; do
            IFS=: read -r group artifact version classifier <<<"$coordinate"
            echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version>"
            [ -z "$classifier" ] || echo "<classifier>$classifier</classifier>"
            echo '</dependency>'
        done
        echo '</dependencies></project>'
    } >"$dir/pom.xml"
    say "fetching the libraries of $name"
    (cd "$dir" && TERM=dumb mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs) >&2 ||
        die "Maven could not fetch the libraries of $name (see above)"
    echo "$*" >"$dir/complete"
}

# --- processes ------------------------------------------------------------------------------------------------------

born() { ps -o lstart= -p "$1" 2>/dev/null; } # empty when there is no such process

service_pid() { # name; prints the pid of the running process, or fails
    local pid start
    { read -r pid && read -r start; } 2>/dev/null <"$WEIR_RUN/$1/pid" || return 1
    [ -n "$start" ] && [ "$(born "$pid" | xargs)" = "$start" ] && echo "$pid"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

service_up() { # name
    local name=$1 fn=${1//-/_} dir="$WEIR_RUN/$1" pid port i
    if pid=$(service_pid "$name"); then
        say "$name runs already (pid $pid)"
        return
    fi
    "${fn}_install"
    mkdir -p "$dir/data"
    port=$("${fn}_port")
    ! port_open "$port" || die "port $port, where $name should listen, is taken; set another one (lib.sh)"
    (cd "$dir" && "${fn}_start" "$dir") >>"$dir/log" 2>&1 </dev/null &
    pid=$!
    disown "$pid"
    printf '%s\n%s\n' "$pid" "$(born $pid | xargs)" >"$dir/pid"
    for ((i = 0; i < 900; i++)); do
        if port_open "$port" && "${fn}_ready"; then
            say "$name is up on 127.0.0.1:$port (pid $pid, after $((i / 10)).$((i % 10)) s)"
            return
        fi
        service_pid "$name" >/dev/null || break
        sleep 0.1
    done
    tail -20 "$dir/log" >&2
    service_kill "$name"
    die "$name did not start; its log is $dir/log"
}

service_down() { # name
    local pid i
    pid=$(service_pid "$1") || return 0
    kill "$pid" 2>/dev/null || true
    for ((i = 0; i < 200; i++)); do
        service_pid "$1" >/dev/null || break
        sleep 0.1
    done
    service_kill "$1"
    say "$1 is down"
}

service_kill() { # name
    local pid i
    if pid=$(service_pid "$1"); then
        kill -9 "$pid" 2>/dev/null || true
        for ((i = 0; i < 100; i++)); do
            service_pid "$1" >/dev/null || break
            sleep 0.05
        done
    fi
    rm -f "$WEIR_RUN/$1/pid"
}

service_status() { # name
    local pid
    if pid=$(service_pid "$1"); then
        echo "$1: up, pid $pid, 127.0.0.1:$("${1//-/_}_port"), $(($(ps -o rss= -p "$pid") / 1024)) MiB"
    else
        echo "$1: down"
        return 1
    fi
}
