#!/bin/sh
# Runs the native tests of a folder, NATIVE_TEST_JOBS (2) programs at a time: run-native-tests.sh RESULTS BINARIES
# Each leaves gtest's results as RESULTS/<test>.xml, and what it printed as RESULTS/<test>.txt. One that leaves no results
# or is not done after NATIVE_TEST_SECONDS (600) is named; the exit code is 1 when anything failed or nothing ran.
# gtest reads GTEST_FILTER by itself. For any POSIX shell, as it also runs in guests that have only busybox
# (scripts/test-native-arm64.sh).

# run_one RESULTS BINARY
run_one() {
  name="${2##*/}"
  xml="$1/$name.xml"
  limit="${NATIVE_TEST_SECONDS:-600}"
  start="$(now)"
  timeout "$limit" "$2" "--gtest_output=xml:$xml" >"$1/$name.txt" 2>&1
  code=$?
  cat "$1/$name.txt"
  seconds=$(($(now) - start))
  if [ -s "$xml" ]; then
    echo "$name: $(grep -c 'result="completed"' "$xml") tests in $seconds s, exit code $code"
  else
    echo "$name: FAILED, no results: it ended with exit code $code after $seconds s; its limit is $limit s"
    code=1
  fi
  [ "$code" = 0 ] || echo "$name" >>"$1/failed.txt"
}

now() { cut -d . -f 1 /proc/uptime; }

if [ "$1" = --one ]; then
  run_one "$2" "$3"
  exit 0 # xargs goes on, whatever failed: failed.txt tells
fi
results="$1" binaries="$2"
printf '%s\n' "$binaries"/*_test | xargs -n 1 -P "${NATIVE_TEST_JOBS:-2}" sh "$0" --one "$results"
# A test that skips itself says why in its program's output.
count() { cat "$results"/*.xml 2>/dev/null | grep -c "result=\"$1\""; }
ran="$(count completed)"
if [ -e "$results/failed.txt" ]; then
  echo "$ran tests ran, $(count skipped) skipped; failed: $(sort "$results/failed.txt" | tr '\n' ' ')"
  exit 1
fi
echo "$ran tests ran, $(count skipped) skipped, none failed"
[ "$ran" -gt 0 ]
