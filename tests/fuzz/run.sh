#!/bin/sh
# Runs the fuzz targets of a build for a while each: tests/fuzz/run.sh BUILD [SECONDS [TARGET...]]
# What a target trips over is kept in BUILD/fuzz/found and shown. Two run at a time. The last line is "N passed, N failed".

build=$1
seconds=${2:-60}
[ $# -ge 2 ] && shift 2 || shift 1
[ $# -gt 0 ] || set -- request secret mask sign yaml json reply config
found="$build/fuzz/found"
mkdir -p "$found"

# The input is grown beside the build; the corpus of the repository stays as it is.
run() {
  grown="$build/fuzz/corpus/$1"
  mkdir -p "$grown"
  "$build/fuzz/$1" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$found/$1-" "$grown" "tests/fuzz/corpus/$1" >"$build/fuzz/$1.log" 2>&1
  echo $? >"$build/fuzz/$1.exit"
}

passed=0
failed=0
judge() {
  tries=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz/$1.log")
  if [ "$(cat "$build/fuzz/$1.exit")" = 0 ] && [ "${tries:-0}" -gt 0 ]; then
    passed=$((passed + 1))
    echo "$1: $tries inputs, nothing found"
  else
    failed=$((failed + 1))
    grep -v '^#[0-9]' "$build/fuzz/$1.log" | tail -n 40
    echo "$1: found something; the input is in $found"
  fi
}

while [ $# -gt 0 ]; do
  run "$1" &
  [ $# -gt 1 ] && run "$2" &
  wait
  judge "$1"
  [ $# -gt 1 ] && judge "$2" && shift
  shift
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
