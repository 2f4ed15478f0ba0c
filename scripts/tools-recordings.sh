#!/usr/bin/env bash
# The part of tools.sh, which sources it, that gets the machines which others recorded and said what is to be read of them.
# Debian's source packages of hwloc and util-linux hold, for the tests of lstopo and lscpu, files of /sys and /proc of real
# machines with what those tools print. Only that is unpacked, into $TOOLS_CACHE/machine-recordings:
#   hwloc/NAME/{proc,sys}   a machine; hwloc/NAME.output: what lstopo prints of it; a NAME that is no machine has the name
#                           of its machine's archive in NAME.source; NAME.options and NAME.env: how lstopo was run
#   lscpu/NAME/{proc,sys}   a machine; lscpu/NAME.output: what lscpu prints of it
# Links are left out (they lead out of the folder, or nowhere), and permissions are the user's own. Where a recording is of a
# kernel before 2.6.26, or was made up as if it were, scripts/complete-recording.mjs adds the same in today's form.

# The tests know where these releases of lstopo and lscpu differ from sysfs, so the suite is fixed.
RECORDINGS_SUITE=bookworm
# What the topology is read from, without cgroups: of those the recordings hold too little to find a process's own.
RECORDED_FILES='/(proc/(meminfo|cpuinfo|self/status)|sys/devices/cpu_[a-z]+/cpus|sys/devices/system/(cpu|node)/(online|present))$'
RECORDED_FILES+='|/sys/devices/system/cpu/cpu[0-9]+/(online$|cpu_capacity$|topology/|cache/index[0-9]+/)'
RECORDED_FILES+='|/sys/devices/system/node/node[0-9]+/(cpulist|cpumap|meminfo|distance)$'

machine_recordings() {
  local folder="$TOOLS_CACHE/machine-recordings"
  [ -e "$folder" ] || with_tool_lock machine-recordings fetch_recordings "$folder"
  echo "$folder"
}

fetch_recordings() {
  local target="$1" work source
  [ -e "$target" ] && return # another caller fetched it while this one waited for the lock
  ensure_command bzip2 bzip2
  ensure_command xz xz-utils
  work="$(mktemp -d "$TOOLS_CACHE/.machine-recordings.XXXXXX")"
  # shellcheck disable=SC2064 # the folder's name is meant to be fixed now
  trap "rm -rf '$work'" EXIT
  mkdir -p "$work/packages" "$work/made/hwloc" "$work/made/lscpu"
  (cd "$work/packages" && download_from_suite machine-recordings "$RECORDINGS_SUITE" own deb-src hwloc util-linux) || exit 1
  local missing='machine-recordings: the source packages do not hold what they held; see scripts/tools-recordings.sh'
  for source in "$work"/packages/*.orig.tar.*; do
    tar -xf "$source" -C "$work/packages" --no-same-owner --no-same-permissions --wildcards \
      --exclude='*.c' --exclude='*Makefile*' '*/tests/*' || tools_fail "$missing"
  done
  local hwloc lscpu
  hwloc="$(echo "$work"/packages/hwloc-*/tests/hwloc)"
  lscpu="$(echo "$work"/packages/util-linux-*/tests)"
  unpack_recordings "$work/made/hwloc" "$hwloc"/linux/*.tar.bz2 "$hwloc"/x86+linux/*.tar.bz2 || tools_fail "$missing"
  cp "$hwloc"/{linux,x86+linux}/*.{output,source,options,env} "$work/made/hwloc/" || tools_fail "$missing"
  unpack_recordings "$work/made/lscpu" "$lscpu"/ts/lscpu/dumps/*.tar.gz || tools_fail "$missing"
  local output
  for output in "$lscpu"/expected/lscpu/lscpu-*; do
    cp "$output" "$work/made/lscpu/${output##*/lscpu-}.output" || tools_fail "$missing"
  done
  mv -T "$work/made" "$target" || tools_fail "machine-recordings could not be moved to $target"
}

# unpack_recordings FOLDER ARCHIVE...: into a folder of each archive's name. An archive's own folder is called as it likes.
unpack_recordings() {
  local folder="$1" archive name root
  shift
  for archive in "$@"; do
    name="${archive##*/}"
    name="${name%.tar.*}"
    rm -rf "$folder/.one"
    mkdir "$folder/.one"
    # tar -tv: permissions, owner, size, date, time, name. Those that begin with - are plain files.
    tar -tvf "$archive" | sed -nE 's/^-\S+ +\S+ +\S+ +\S+ +\S+ //p' |
      grep -E "$RECORDED_FILES" |
      tar -xf "$archive" -C "$folder/.one" --no-same-owner --no-same-permissions --verbatim-files-from -T - || return 1
    chmod -R u+rwX "$folder/.one"
    root="$(find "$folder/.one" -maxdepth 3 -type d -name proc -print -quit)"
    [ -n "$root" ] || root="$(find "$folder/.one" -maxdepth 3 -type d -name sys -print -quit)"
    mv -T "$(dirname "$root")" "$folder/$name" || return 1
  done
  rm -rf "$folder/.one"
  node "$NANOTALLY_ROOT/scripts/complete-recording.mjs" "$folder"/*/
}
