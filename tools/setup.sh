#!/usr/bin/env bash
# setup.sh: what weir needs on Debian 12 or Ubuntu 24.04, installed; quick when all is there.
#
#   tools/setup.sh build   to build and run weir: compiler, CMake, the libraries of CMakeLists.txt
#   tools/setup.sh test    that, and to test it: clang, Java, Maven, Go, Python packages, the services' parts
#
# Packages come from apt-get, as root or by sudo. Everything else goes to ${WEIR_CACHE:-~/.cache/weir}.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${WEIR_CACHE:=$HOME/.cache/weir}"
export WEIR_CACHE

BUILD="gcc libc6-dev cmake ninja-build pkg-config ccache librdkafka-dev libssl-dev libcurl4-openssl-dev libmicrohttpd-dev
    libjansson-dev libyaml-dev libzstd-dev libsnappy-dev liblz4-dev zlib1g-dev libxxhash-dev libjemalloc-dev libcmocka-dev
    libpcre2-dev libedit-dev tzdata"
TEST="clang clang-format libclang-rt-dev python3 python3-venv openjdk-17-jre-headless maven golang-go curl kcat procps git
    util-linux"

say() { echo "setup: $*" >&2; }
die() {
    say "$*"
    exit 1
}

# A package that is there, or another way to what it gives: a Java or Go that did not come from apt is as good.
have() { # package
    case $1 in
    openjdk-17-jre-headless) command -v java >/dev/null && return ;;
    golang-go) command -v go >/dev/null && return ;;
    maven) command -v mvn >/dev/null && return ;;
    cmake | gcc | clang | curl | kcat | ccache | clang-format) command -v "$1" >/dev/null && return ;;
    ninja-build) command -v ninja >/dev/null && return ;;
    python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null && return ;;
    libclang-rt-dev) ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer* >/dev/null 2>&1 && return ;;
    esac
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

packages() {
    local missing="" package sudo=""
    for package in "$@"; do
        have "$package" || missing+=" $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || die "these are missing, and there is no apt-get to install them:$missing"
    [ "$(id -u)" = 0 ] || sudo=${WEIR_SUDO-sudo}
    [ -z "$sudo" ] || command -v "$sudo" >/dev/null || die "these are missing:$missing; install them as root"
    say "installing$missing"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 || say "apt-get update failed; trying to go on"
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >&2 ||
        die "apt-get could not install:$missing"
}

python() {
    local venv="$WEIR_CACHE/venv" wanted=tests/live/requirements.txt
    cmp -s "$wanted" "$venv/complete" && return
    say "Python packages for the live tests"
    mkdir -p "$WEIR_CACHE"
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" -q --disable-pip-version-check install -r "$wanted" >&2 || die "pip could not install $wanted"
    cp "$wanted" "$venv/complete"
}

case ${1-} in
build)
    # shellcheck disable=SC2086
    packages $BUILD
    ;;
test)
    # shellcheck disable=SC2086
    packages $BUILD $TEST
    python
    tests/live/services/services.sh install
    tests/live/spark_libs.sh >/dev/null
    ;;
*) die "setup.sh build, or setup.sh test" ;;
esac
