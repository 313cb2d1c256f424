#!/usr/bin/env bash
# test.sh: all tests, nearest first. Ends with a line "N passed, N failed, N skipped" and fails when something failed;
# in CI (CI=true) a skip counts as a failure.
#
#   ./test.sh                      tidy, format, unit, sim, sql, tsan, fuzz, live
#   ./test.sh PART [NAME...]       tidy | format | unit | sim | sql | tsan | fuzz | live, or some of its tests only: a folder of
#                                  src, a test, a fuzzer, a live test (a part of its name is enough)
#   ./test.sh soak                 the long ones: 2,000 seeds of each of the simulator's jobs, 100 kills over 2 million
#                                  samples, ten minutes for each fuzzer
#
# Parts are built in build/, build-asan/, build-tsan/ and build-fuzz/ (under $WEIR_BUILD when that is set); logs stay in
# build/test/. JOBS says how many run at once (the number of processors).
set -u
cd "$(dirname "$0")" || exit 1
: "${WEIR_CACHE:=$HOME/.cache/weir}" "${WEIR_BUILD:=$PWD}" "${JOBS:=$(nproc)}" "${CI:=false}"
export WEIR_CACHE CCACHE_DIR="$WEIR_CACHE/ccache" CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS-}"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:${TSAN_OPTIONS-}"
LOGS="$WEIR_BUILD/build/test"
TSAN_FOLDERS="os state metrics io engine" # connectors: gcc's thread sanitizer dies of the C11 threads inside librdkafka
SOAK=false
PASSED=0 FAILED=0 SKIPPED=0
mkdir -p "$LOGS"

# --- telling what came of it ---------------------------------------------------------------------------------------

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# One line for a test, and the end of its log when it failed.
tell() { # name, passed, failed, skipped, milliseconds, log
    [[ $1 != tsan* ]] || set -- "$1" "$2" "$3" 0 "$5" "$6" # what cannot run under this sanitizer has run in unit
    PASSED=$((PASSED + $2)) FAILED=$((FAILED + $3)) SKIPPED=$((SKIPPED + $4))
    local verdict=ok
    [ "$4" = 0 ] || verdict="ok, $4 skipped"
    [ "$3" = 0 ] || verdict="FAILED"
    printf '%-44s %-16s %4d tests %7d.%01d s\n' "$1" "$verdict" $(($2 + $3 + $4)) $(($5 / 1000)) $(($5 % 1000 / 100))
    if [ "$3" != 0 ] && [ -s "$6" ]; then
        grep -vE '^\[ +(RUN|OK) ' "$6" | tail -n 40 | sed 's/^/    | /'
        echo "    all of it: $6"
    fi
}

# What a program's log and exit code say: "passed failed skipped". Programs of cmocka count their cases; another one is
# one test, which exits with 77 when it cannot run here.
tally() { # exit code, log
    local passed failed skipped
    passed=$(sed -nE 's/^\[  PASSED  \] .*\b([0-9]+) test\(s\).*/\1/p' "$2" | paste -sd+ | bc_sum)
    failed=$(sed -nE 's/^\[  FAILED  \] .*\b([0-9]+) test\(s\), listed.*/\1/p' "$2" | paste -sd+ | bc_sum)
    skipped=$(sed -nE 's/^\[  SKIPPED \] .*\b([0-9]+) test\(s\), listed.*/\1/p' "$2" | paste -sd+ | bc_sum)
    if [ "$1" = 77 ]; then
        echo "0 0 1"
    elif [ "$1" != 0 ]; then
        echo "$passed $((failed ? failed : 1)) $skipped"
    elif grep -q '^\[==========\]' "$2"; then
        echo "$passed $failed $skipped"
    else
        echo "1 0 0"
    fi
}

bc_sum() { # "1+2+3" on standard input
    local terms
    read -r terms
    echo $((${terms:-0}))
}

# A step that is one test: a check or a live test.
step() { # name, command...
    local name=$1 log="$LOGS/${1// /-}.log" began rc
    shift
    began=$(now_ms)
    "$@" >"$log" 2>&1
    rc=$?
    # shellcheck disable=SC2046
    tell "$name" $(tally $rc "$log") $(($(now_ms) - began)) "$log"
    return $rc
}

# --- building --------------------------------------------------------------------------------------------------------

dir_of() { # preset
    case $1 in
    release) echo "$WEIR_BUILD/build" ;;
    *) echo "$WEIR_BUILD/build-$1" ;;
    esac
}

# Build targets of a preset. Silent unless it fails, which counts as a failure.
build() { # preset, targets...
    local preset=$1 dir log="$LOGS/build-$1.log" began
    shift
    dir=$(dir_of "$preset")
    began=$(now_ms)
    if cmake --preset "$preset" -B "$dir" >"$log" 2>&1 && ninja -k 0 -C "$dir" "$@" >>"$log" 2>&1; then
        printf '%-44s built %26d.%01d s\n' "$preset" $((($(now_ms) - began) / 1000)) $((($(now_ms) - began) % 1000 / 100))
        return 0
    fi
    FAILED=$((FAILED + 1))
    echo "build of $preset FAILED: $log"
    { grep -E ': (fatal )?error|undefined reference|CMake Error' "$log" || tail -n 20 "$log"; } | head -n 20 | sed 's/^/    | /'
    return 1
}

# --- programs of tests -------------------------------------------------------------------------------------------------

# The tests of some folders that a name asks for (a folder, or a part of the test's name; none: all).
tests_of() { # "folders", names...
    local folder file name wanted=$1
    shift
    for folder in $wanted; do
        for file in src/"$folder"/*_test.c; do
            [ -f "$file" ] || continue
            file=$(basename "$file" .c)
            [[ $file != *_live_test ]] || continue # wants a service: see live_units
            [ $# -gt 0 ] || echo "$file"
            for name in "$@"; do
                if [ "$name" = "$folder" ] || [[ $file == *"$name"* ]]; then
                    echo "$file"
                    break
                fi
            done
        done
    done
}

# Run one program for run_all, which reads its exit code and time.
run_one() { # log, program, arguments...
    local log=$1 began rc
    shift
    began=$(now_ms)
    timeout -k 10 "${TEST_TIMEOUT:-300}" "$@" >"$log" 2>&1 </dev/null
    rc=$?
    [ $rc != 124 ] || echo "it did not end within ${TEST_TIMEOUT:-300} s" >>"$log"
    echo "$rc $(($(now_ms) - began))" >"$log.end"
}
export -f run_one now_ms

# Programs, as many at once as there are processors; then what came of them, in order.
run_all() { # label, directory of the programs, arguments for each ("" when none), names...
    local label=$1 dir=$2 arguments=$3 name rc ms passed failed skipped
    shift 3
    for name in "$@"; do
        rm -f "$LOGS/$label-$name.log.end"
    done
    # shellcheck disable=SC2086
    printf '%s\n' "$@" |
        xargs -P "$JOBS" -I NAME $UNDER bash -c 'run_one "$@"' run "$LOGS/$label-NAME.log" "$dir/NAME" $arguments
    for name in "$@"; do
        rc=1 ms=0
        read -r rc ms <"$LOGS/$label-$name.log.end"
        read -r passed failed skipped < <(tally "$rc" "$LOGS/$label-$name.log")
        # What waits for a service is run again where there is one: part live.
        [ "$label" = live ] || ! grep -qs WEIR_TEST_ src/*/"$name.c" || skipped=0
        tell "$label $name" "$passed" "$failed" "$skipped" "$ms" "$LOGS/$label-$name.log"
    done
}
UNDER=

all_folders() { sed -nE 's/^set\(FOLDERS (.*)\)/\1/p' CMakeLists.txt; }

# --- the parts ---------------------------------------------------------------------------------------------------------

part_tidy() { step tidy tools/tidy; }

# Which files `clang-format -i` would change, and in how many lines.
formatted() {
    local wrong
    wrong=$(git ls-files -co --exclude-standard 'src/*.[ch]' 'include/*.h' 'examples/*.[ch]' 'tests/*.[ch]' 'bench/*.c' |
        xargs clang-format --dry-run 2>&1 | grep -oE '^[^: ]+:[0-9]+' | sort -u | cut -d: -f1 | uniq -c)
    [ -z "$wrong" ] && return
    echo "$wrong" | head -n 30
    echo "$(wc -l <<<"$wrong") files are not as clang-format has them"
    return 1
}

part_format() { step format formatted; }

unit() { # preset, label, folders, names...
    local preset=$1 label=$2 folders=$3 names rc=0
    shift 3
    mapfile -t names < <(tests_of "$folders" "$@")
    [ ${#names[@]} -gt 0 ] || { echo "no test is called $*"; FAILED=$((FAILED + 1)); return 1; }
    build "$preset" "${names[@]}" || {
        rc=1
        mapfile -t names < <(up_to_date "$preset" "${names[@]}")
    }
    [ ${#names[@]} = 0 ] || run_all "$label" "$(dir_of "$preset")" "" "${names[@]}"
    return $rc
}

up_to_date() { # preset, names...
    local dir name
    dir=$(dir_of "$1")
    shift
    for name in "$@"; do
        ninja -C "$dir" -n "$name" 2>/dev/null | grep -q 'no work to do' && echo "$name"
    done
}

part_unit() { unit asan unit "$(all_folders)" "$@"; }

# Address space layout randomisation can put memory where the thread sanitizer does not expect it.
part_tsan() {
    UNDER=$(setarch "$(uname -m)" -R true 2>/dev/null && echo "setarch $(uname -m) -R")
    unit tsan tsan "$TSAN_FOLDERS" "$@"
    if [ $# = 0 ] && build tsan threads_test; then
        run_all tsan "$(dir_of tsan)/tests/sim" "" threads_test
    fi
    UNDER=
}

# The simulator's seeds, and its jobs on real threads.
part_sim() {
    build asan sim_test sim_iceberg_test threads_test || return 1
    TEST_TIMEOUT=$($SOAK && echo 14400 || echo 900) WEIR_SIM_SEEDS=$($SOAK && echo 2000 || echo 500) \
        run_all sim "$(dir_of asan)/tests/sim" "" sim_test threads_test
    TEST_TIMEOUT=$($SOAK && echo 14400 || echo 900) WEIR_SIM_SEEDS=$($SOAK && echo 2000 || echo 20) \
        run_all sim "$(dir_of asan)/tests/sim" "" sim_iceberg_test
}

# SQL: golden files in one process, and the client as it is typed into.
part_sql() {
    build asan sql_test weir places test_functions || return 1
    run_all sql "$(dir_of asan)/tests/sql" "" sql_test
    step "sql client_test" "$WEIR_CACHE/venv/bin/python" tests/sql/client_test.py --weir "$(dir_of asan)/weir"
    step "sql files_test" "$WEIR_CACHE/venv/bin/python" tests/sql/files_test.py --weir "$(dir_of asan)/weir"
    step "sql function_test" "$WEIR_CACHE/venv/bin/python" tests/sql/function_test.py --weir "$(dir_of asan)/weir"
}

# Each fuzzer starts from its corpus; what it finds interesting is kept in the cache for the next time. The SQL parser's
# corpus are the texts of its tests.
fuzz_one() { # name, seconds
    local found="$WEIR_CACHE/corpus/$1" seeds=("tests/fuzz/corpus/${1%_fuzz}")
    mkdir -p "$found" "$LOGS/crashes"
    [ "$1" != sql_fuzz ] || seeds=(tests/sql/parse tests/sql/errors/parse)
    [ -d "${seeds[0]}" ] || seeds=()
    "$(dir_of fuzz)/tests/fuzz/$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$LOGS/crashes/$1-" "$found" "${seeds[@]}"
}

part_fuzz() {
    local names seconds name
    mapfile -t names < <(cd tests/fuzz && ls ./*_fuzz.c 2>/dev/null | sed 's|^./||; s|\.c$||' | grep "${1-}")
    [ ${#names[@]} -gt 0 ] || return 0
    build fuzz fuzzers || mapfile -t names < <(up_to_date fuzz "${names[@]}")
    seconds=$((30 / (${#names[@]} + 1) + 1))
    ! $SOAK || seconds=600
    for name in "${names[@]}"; do
        step "fuzz $name" fuzz_one "$name" "$seconds"
    done
}

# Unit tests that also speak to a real service when they are told where it is.
live_units() { # names...
    local names
    mapfile -t names < <(grep -l WEIR_TEST_ src/*/*_test.c | xargs -r -n1 basename | sed 's/\.c$//' | grep "${1-}")
    [ ${#names[@]} -gt 0 ] || return 0
    build asan "${names[@]}" || return 1
    run_all live "$(dir_of asan)" "" "${names[@]}"
}

part_live() {
    local file name python="$WEIR_CACHE/venv/bin/python"
    build release all || return 1
    tests/live/services/services.sh up >"$LOGS/services.log" 2>&1 || {
        tell services 0 1 0 0 "$LOGS/services.log"
        return 1
    }
    eval "$(tests/live/services/services.sh env)"
    export AWS_ACCESS_KEY_ID=$WEIR_TEST_S3_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$WEIR_TEST_S3_SECRET_KEY
    live_units "${1-}"
    for file in tests/interop/*_check.py; do
        name=$(basename "$file" .py)
        [ $# = 0 ] || [[ $name == *"$1"* ]] || continue
        step "live $name" "$python" "$file" "$(dir_of release)"
    done
    for file in tests/live/*_test.py; do
        name=$(basename "$file" .py)
        [ $# = 0 ] || [[ $name == *"$1"* ]] || continue
        # shellcheck disable=SC2046
        step "live $name" "$python" "$file" --build "$(dir_of release)" $($SOAK && echo --soak)
    done
    tests/live/services/services.sh clean >>"$LOGS/services.log" 2>&1
}

# --- all together ------------------------------------------------------------------------------------------------------

part=${1-all}
[ $# = 0 ] || shift
case $part in
all | soak | live | sql) level=test ;;
fuzz | tidy | format) level=build ;;
*) level=build ;;
esac
tools/setup.sh $level || exit 1
case $part in
all)
    build release all
    for part in tidy format unit sim sql tsan fuzz live; do "part_$part"; done
    ;;
soak)
    SOAK=true
    for part in sim fuzz live; do "part_$part" "$@"; done
    ;;
tidy | format | unit | sim | sql | tsan | fuzz | live) "part_$part" "$@" ;;
*)
    sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0"
    exit 2
    ;;
esac
echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
[ "$CI" != true ] || FAILED=$((FAILED + SKIPPED))
[ "$FAILED" = 0 ]
