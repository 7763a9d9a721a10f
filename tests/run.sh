#!/bin/sh
# Runs suites and sums them up: tests/run.sh SUITE...
# Each suite's output is kept in SUITE.log and shown when something in it failed. The last line is
# "N passed, N failed"; the exit code is 0 only when nothing failed and every suite ran something.
#   CPI_BUILD   the build whose programs are tested (build)
#   CPI_LOGS    where their output is kept (BUILD/test)
#   CPI_RUNNER  what the C programs are run under, such as valgrind

build=${CPI_BUILD:-build}
export CPI_BUILD="$build"
logs=${CPI_LOGS:-$build/test}
mkdir -p "$logs"
all_passed=0
all_failed=0

# Runs each program, whatever the one before did; fails when one did.
each() {
  worst=0
  for program; do
    echo "== $program"
    # shellcheck disable=SC2086 # CPI_RUNNER has words
    ${CPI_RUNNER:-} "$program" || worst=1
  done
  return $worst
}

# A directory of specs that somebody has still to write counts as nothing at all, not as a failure.
specs() {
  find "$2" -name '*_spec.lua' 2>/dev/null | grep -q . || { echo "0 passed, 0 failed, none expected"; return 0; }
  busted --output=plainTerminal --run="$1"
}

# The same, a part of the files on each processor. Only where no spec asks what signals its process ignores: a shell's background
# process ignores SIGINT.
specs_side_by_side() {
  parts=$(nproc)
  part=0
  while [ $part -lt "$parts" ]; do
    # shellcheck disable=SC2046 # one word for each file
    busted --output=plainTerminal --run="$1" $(find "$2" -name '*_spec.lua' | sort | awk -v n="$parts" -v k=$part 'NR % n == k') \
      >"$logs/$1.$part.log" 2>&1 &
    part=$((part + 1))
    running="${running:-} $!"
  done
  worst=0
  for process in $running; do wait "$process" || worst=1; done
  cat "$logs/$1".[0-9]*.log
  return $worst
}

# The packages of the release take minutes to compile the first time, so they begin with the first suite, and no other
# waits for them than `release`. A second time costs nothing, as long as no source, script or compiler is another.
begin_packages() {
  (release/blobs && release/compile build/job-packages) >"$logs/packages.log" 2>&1 &
  packages=$!
}

compiled_packages() {
  wait "$packages"
  code=$?
  cat "$logs/packages.log"
  [ $code -eq 0 ] || ! release/blobs --check || { echo "0 passed, 1 failed"; echo "the packages do not compile"; }
}

# A machine that lets us have no guests says so in one line, and the tests go on. In CI there are some to be had.
guests() {
  tests/guest/run busted --output=plainTerminal --run=guest
  code=$?
  [ $code -eq 75 ] || return $code
  if [ -n "${CI:-}" ]; then echo "0 passed, 1 failed"; return 1; fi
  echo "0 passed, 0 failed, none expected"
}

run_suite() {
  case $1 in
    lint) tests/lint/rules.sh && tests/lint/rules_test.sh ;;
    unit) each "$build"/unit/*_test ;;
    # shellcheck disable=SC2086
    host-tests) ${CPI_RUNNER:-} "$build/host-tests" tests/host/*_test.lua ;;
    spec) specs_side_by_side spec spec ;;
    fuzz) lua5.4 tests/fuzz/requests.lua 2000 && tests/fuzz/run.sh build/clang "${FUZZ_SECONDS:-5}" ;;
    # What is compiled here, the installed job is tested with (tests/support/job.lua). Without Debian's archive nothing is.
    release) compiled_packages; specs release tests/release ;;
    faults) worst=0 jobs=$(nproc)
      for check in "fault_matrix --short --jobs $jobs" "crash_matrix --short --jobs $jobs" "interruption_matrix --short --jobs $jobs" "wire_matrix --short --jobs $jobs" "wire_crash --short" "pairs --short" "planted --short" "histories 1 200"; do
        echo "== $check"
        # shellcheck disable=SC2086
        lua5.4 "tests/faults/${check%% *}.lua" ${check#* } || worst=1
      done
      # The same on a cloud that holds addresses for a day; `make faults crash` and the like do all of it.
      for check in "fault_matrix --short --jobs $jobs --verb delete_vm" "fault_matrix --short --jobs $jobs --verb create_vm" "crash_matrix --short --jobs $jobs --verb delete_vm"; do
        echo "== $check, expunge after a day"
        # shellcheck disable=SC2086
        CPI_EXPUNGE=86400 lua5.4 "tests/faults/${check%% *}.lua" ${check#* } || worst=1
      done
      [ $worst -eq 0 ] ;;
    guest) guests ;;
    server | transcripts | lifecycle | job | hostile) specs "$1" "tests/$1" ;;
    *) echo "there is no suite '$1'"; return 1 ;;
  esac
}

# Sums the lines "N passed, N failed" and busted's "N successes / N failures / N errors / N pending":
# passed, failed, lines that expected none, tests that could not run here.
counts() {
  awk '
    /^[0-9]+ passed, [0-9]+ failed/ { passed += $1; failed += $3; none += /none expected/ }
    /^[0-9]+ success(es)? \/ [0-9]+ failures? \/ [0-9]+ errors?/ { passed += $1; failed += $4 + $7; pending += $10 }
    END { print passed + 0, failed + 0, none + 0, pending + 0 }' "$1"
}

case " $* " in *" release "*) begin_packages ;; esac

step=0
for suite; do
  log="$logs/$suite.log"
  started=$(date +%s)
  step=$((step + 1))
  [ $# -eq 1 ] || echo "$suite, $step of $#"
  run_suite "$suite" >"$log" 2>&1
  code=$?
  # shellcheck disable=SC2046
  set_counts() { passed=$1 failed=$2 none=$3 pending=$4; }
  set_counts $(counts "$log")
  if [ $((passed + failed)) -eq 0 ] && [ "$none" -eq 0 ]; then
    echo "$suite ran nothing" >>"$log"
    failed=1
  elif [ $code -ne 0 ] && [ "$failed" -eq 0 ]; then
    echo "$suite ended with exit code $code" >>"$log"
    failed=1
  fi
  [ "$failed" -eq 0 ] || tail -n 150 "$log"
  grep "^$suite: nothing was tested" "$log"
  not_run=
  [ "$pending" -eq 0 ] || not_run=", $pending not run"
  echo "  $suite: $passed good, $failed bad$not_run, $(($(date +%s) - started)) s ($log)"
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
done

echo "$all_passed passed, $all_failed failed"
[ "$all_failed" -eq 0 ]
