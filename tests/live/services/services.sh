#!/usr/bin/env bash
# services.sh: brings up the real services that the live tests run against, on 127.0.0.1, without containers.
#
#   services.sh install [NAME...]    fetch or build what is missing; up does it too
#   services.sh up      [NAME...]    start and wait until ready; nothing happens for one that runs
#   services.sh down    [NAME...]    stop gently, then not gently; data stays
#   services.sh kill    NAME...      kill -9, for tests of what a crash leaves behind
#   services.sh restart NAME...      down and up
#   services.sh status  [NAME...]    one line each; fails unless all run
#   services.sh clean   [NAME...]    down and throw the data away
#   services.sh env                  what the tests read, as export lines: eval "$(services.sh env)"
#   services.sh tool NAME ARGS...    Kafka's own tools: topics, groups, configs, offsets
#
# NAME: kafka, minio, registry, iceberg-rest; all of them when none is given. Java libraries come from Maven, MinIO and
# the registry from Go modules, tools that are missing (Java 17, Maven, Go, curl) from apt. See lib.sh for what may be set.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
. "$HERE/lib.sh"
ALL="kafka minio registry iceberg-rest"
for name in $ALL; do
    . "$HERE/${name//-/_}.sh"
done

usage() {
    sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
    exit "${1:-2}"
}

[ $# -gt 0 ] || usage
verb=$1
shift
case $verb in
env)
    for name in $ALL; do "${name//-/_}_env"; done
    exit
    ;;
tool) kafka_tool "$@"; exit ;;
help | -h | --help) usage 0 ;;
kill | restart) [ $# -gt 0 ] || die "$verb needs the names of services: $ALL" ;;
esac

failed=0
for name in ${@:-$ALL}; do
    case " $ALL " in *" $name "*) ;; *) die "there is no service '$name'; there are: $ALL" ;; esac
    case $verb in
    install) "${name//-/_}_install" ;;
    up) service_up "$name" ;;
    down) service_down "$name" ;;
    kill) service_kill "$name" ;;
    restart) service_down "$name" && service_up "$name" ;;
    status) service_status "$name" || failed=1 ;;
    clean) service_down "$name" && rm -rf "${WEIR_RUN:?}/$name" ;;
    *) usage ;;
    esac
done
exit $failed
