#!/usr/bin/env bash
# Checks the Promela models of native/model with spin: each as it is, and with each of its seeded faults.
#   scripts/check-models.sh [MODEL]...      (the default: all)
# A model as it is must have no error in a search that visited all of its states. With a fault, the search must end in a
# violation of the invariant that the model's head says the fault breaks:
#   //   fault FAULT_NAME breaks invariant: what is wrong
# Works in build/models/MODEL/, where a violation leaves its trail; see native/model/README.md. Leaves the counts as JUnit
# XML in build/test-results/models.xml. The last line is `N passed, N failed`.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

MODELS="$NANOTALLY_ROOT/native/model"
BUILD="$NANOTALLY_ROOT/build/models"
RESULTS="$NANOTALLY_ROOT/build/test-results/models.xml"
# A search that needs more is taken for one that got out of hand: the largest takes 900 MB and ten seconds of an idle core.
MEGABYTES=4096
DEPTH=1000000
SECONDS_EACH=300

passed=0
failed=0

# verdict RUN TROUBLE STATES SECONDS: prints a run's line and counts it; TROUBLE is empty when it went as it must.
verdict() {
  local run="$1" trouble="$2" states="$3" seconds="$4"
  if [ -z "$trouble" ]; then
    passed=$((passed + 1))
    printf 'ok      %-70s %10s states %4s s\n' "$run" "$states" "$seconds"
  else
    failed=$((failed + 1))
    printf 'FAILED  %-70s %10s states %4s s: %s\n' "$run" "$states" "$seconds" "$trouble"
  fi
}

# search MODEL FAULT: makes the verifier in the current folder and runs it.
search() {
  local model="$1" fault="$2"
  "$SPIN" -a ${fault:+"-D$fault"} "$MODELS/$model.pml" || return
  # A fault is found before an optimiser would be done.
  gcc "-O$([ -z "$fault" ] && echo 2 || echo 0)" -w -DSAFETY -DMEMLIM="$MEGABYTES" -o pan pan.c || return
  timeout "$SECONDS_EACH" ./pan "-m$DEPTH" -w22
}

# check MODEL FAULT INVARIANT: FAULT and INVARIANT are empty for the model as it is.
check() {
  local model="$1" fault="$2" invariant="$3" folder="$BUILD/$1${2:+-$2}" start="$SECONDS" trouble='' states
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && search "$model" "$fault") >"$folder/output" 2>&1 || true # pan's exit code says less than its output
  states="$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$folder/output")"
  if [ -z "$states" ]; then
    trouble="the search did not end; see ${folder#"$NANOTALLY_ROOT"/}/output"
  elif [ -z "$fault" ]; then
    trouble="$(complete "$folder/output")"
  elif ! grep -q "assertion violated *(*$invariant\\b" "$folder/output"; then
    trouble="it does not break $invariant; $(grep -m 1 '^pan:1:' "$folder/output" || echo 'nothing was found')"
  fi
  verdict "$model${fault:+ with $fault breaks $invariant}" "$trouble" "${states:-?}" "$((SECONDS - start))"
}

# complete OUTPUT: says what keeps a search from being a proof: an error, states left out, statements never executed.
complete() {
  grep -m 1 '^pan:1:' "$1" && return
  grep -q 'errors: 0$' "$1" || { echo 'it does not say that there was no error'; return; }
  grep -m 1 -i 'max search depth too small\|out of memory\|reached -DMEMLIM\|not completed' "$1" && return
  return 0
}

# What a model's head says of its faults: lines of `FAULT INVARIANT`.
faults() { sed -n 's|^// *fault \(FAULT_[A-Z_]*\) breaks \([a-z_]*\):.*|\1 \2|p' "$MODELS/$1.pml"; }

# The faults that a model tells of must be the faults that it has.
check_list() {
  local told seeded
  told="$(faults "$1" | cut -d ' ' -f 1 | sort)"
  seeded="$(sed -n '/^ *#/p' "$MODELS/$1.pml" | { grep -o 'FAULT_[A-Z_]*' || true; } | sort -u)"
  if [ -z "$told" ] || [ "$told" != "$seeded" ]; then
    verdict "$1's list of faults" "its head tells of ${told//$'\n'/ }; its text has ${seeded//$'\n'/ }" 0 0
  fi
}

models=("$@")
if [ $# -eq 0 ]; then
  for file in "$MODELS"/*.pml; do
    # The others are there to be included.
    if grep -q '^init' "$file"; then models+=("$(basename "$file" .pml)"); fi
  done
fi
for model in "${models[@]}"; do
  [ -f "$MODELS/$model.pml" ] || setup_fail "there is no native/model/$model.pml"
done

ensure_command gcc gcc
SPIN="$(ensure_tool spin)"
for model in "${models[@]}"; do
  check_list "$model"
  check "$model" '' ''
  while read -r fault invariant; do check "$model" "$fault" "$invariant"; done < <(faults "$model")
done

mkdir -p "$(dirname "$RESULTS")"
printf '<testsuite name="models" tests="%d" failures="%d" disabled="0" skipped="0"/>\n' "$((passed + failed))" "$failed" >"$RESULTS"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
