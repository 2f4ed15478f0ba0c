#!/usr/bin/env bash
# Ensures tools that tests and benches run, and prints their paths, one a line, in the order asked:
#   scripts/tools.sh prometheus promtool googletest benchmark openmetrics-parser cmake node-matrix
#   prometheus, promtool   from PATH, else Debian's package unpacked into the cache (nothing is installed or started)
#   alertmanager, amtool   the same way, from Debian's prometheus-alertmanager
#   prometheus-3, promtool-3, newer-alertmanager, newer-amtool   the current ones, Debian's packages of a newer suite, in
#                          the cache: see scripts/tools-suites.sh
#   prometheus-node-exporter, prometheus-postgres-exporter, prometheus-redis-exporter   the same way, each from Debian's
#                          package of its name
#   googletest             its source folder: /usr/src/googletest, else the same way
#   benchmark              google-benchmark's prefix: /usr where libbenchmark-dev is installed, else the same way
#   openmetrics-parser     the folder from which Python imports prometheus_client, whose strict parser reads OpenMetrics:
#                          Debian's where it is installed, else the same way
#   cmake                  from PATH, else installed by apt-get when this user may
#   chromium               the browser that the live page is tested in: from PATH, else installed by apt-get when this
#                          user may (it needs more libraries than can be unpacked beside it)
#   pngquant               what makes the pictures of the live page small: the same way
#   node-matrix            the newest Node.js of each major in NODE_MAJORS, from npm, in the cache: one line for each
#   node-matrix-arm64      the same for arm64 Linux, on any machine
#   bullseye-root, bullseye-root-arm64   the root folder of an old Debian, for this machine and for arm64: see
#                          scripts/tools-roots.sh
#   gnu-time               the program, not the shell's word: from PATH, else Debian's package unpacked into the cache
#   spin                   the model checker: from PATH, else Debian's package unpacked into the cache
#   postgresql, redis-server   the folder that the server runs from, / where it is installed: see scripts/tools-servers.sh
#   aarch64                the C++ compiler for arm64 Linux with its libraries, installed by apt-get when this user may
#   qemu-aarch64           the emulator of single arm64 programs: from PATH, else Debian's package unpacked into the cache
#   guest-arm64, guest-amd64   a folder with what scripts/guest.sh boots; see scripts/tools-guests.sh
#   guest-node-arm64, guest-node-amd64   a layer for its guests, with Node and libnuma
#   machine-recordings     the folder of real machines' files, with what lstopo and lscpu say of them: see
#                          scripts/tools-recordings.sh
# Messages go to stderr. What cannot be had ends it with one line that says what to run, and exit code 1.
# Safe to run twice at once: one lock for each tool, and a finished folder appears by a rename.
# shellcheck source=scripts/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
# shellcheck source=scripts/tools-guests.sh
. "$NANOTALLY_ROOT/scripts/tools-guests.sh"
# shellcheck source=scripts/tools-suites.sh
. "$NANOTALLY_ROOT/scripts/tools-suites.sh"
# shellcheck source=scripts/tools-roots.sh
. "$NANOTALLY_ROOT/scripts/tools-roots.sh"
# shellcheck source=scripts/tools-servers.sh
. "$NANOTALLY_ROOT/scripts/tools-servers.sh"
# shellcheck source=scripts/tools-recordings.sh
. "$NANOTALLY_ROOT/scripts/tools-recordings.sh"

NODE_MAJORS="${NODE_MAJORS:-20 22 24 26}"
# The oldest suite that has a Prometheus 3: its packages ask least of the host's libraries.
NEWER_SUITE=forky
TOOLS_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/nanotally/tools"

tools_say() { printf '%s\n' "tools: $*" >&2; }
tools_fail() { tools_say "$*"; exit 1; }

# ensure_tool NAME: prints the tool's path or paths.
ensure_tool() {
  case "$1" in
    prometheus | promtool) command -v "$1" || debian_file "$1" prometheus "usr/bin/$1" ;;
    alertmanager)
      command -v prometheus-alertmanager || debian_file alertmanager prometheus-alertmanager usr/bin/prometheus-alertmanager
      ;;
    amtool) command -v amtool || debian_file amtool prometheus-alertmanager usr/bin/amtool ;;
    prometheus-3) suite_file prometheus-3 "$NEWER_SUITE" prometheus usr/bin/prometheus ;;
    promtool-3) suite_file promtool-3 "$NEWER_SUITE" promtool usr/bin/promtool ;;
    newer-alertmanager | newer-amtool)
      local program=prometheus-alertmanager
      [ "$1" = newer-alertmanager ] || program=amtool
      suite_file newer-alertmanager "$NEWER_SUITE" prometheus-alertmanager "usr/bin/$program"
      ;;
    prometheus-node-exporter | prometheus-postgres-exporter | prometheus-redis-exporter)
      command -v "$1" || debian_file "$1" "$1" "usr/bin/$1"
      ;;
    googletest)
      if [ -e /usr/src/googletest/CMakeLists.txt ]; then
        echo /usr/src/googletest
      else
        local list
        list="$(debian_file googletest googletest usr/src/googletest/CMakeLists.txt)"
        dirname "$list"
      fi
      ;;
    benchmark)
      if [ -e /usr/include/benchmark/benchmark.h ]; then
        echo /usr
      else
        local header
        header="$(debian_file google-benchmark libbenchmark-dev usr/include/benchmark/benchmark.h libbenchmark1debian)"
        echo "${header%/include/*}"
      fi
      ;;
    openmetrics-parser)
      local parser=usr/lib/python3/dist-packages/prometheus_client/openmetrics/parser.py
      if [ -e "/$parser" ]; then
        echo "/${parser%/*/*/*}"
      else
        # $(...) does not inherit -e: without it a failed fetch would be told twice.
        parser="$(set -e && debian_file openmetrics-parser python3-prometheus-client "$parser" python3-decorator)"
        echo "${parser%/*/*/*}"
      fi
      ;;
    cmake)
      ensure_command cmake cmake
      command -v cmake
      ;;
    chromium | pngquant)
      ensure_command "$1" "$1"
      command -v "$1"
      ;;
    node-matrix) node_matrix "$(node -p process.arch)" ;;
    node-matrix-arm64) node_matrix arm64 ;;
    gnu-time) type -P time || debian_file gnu-time time usr/bin/time ;;
    # LLVM is for compiling queries, Perl for Debian's management of clusters.
    postgresql)
      server_folder postgresql 'usr/lib/postgresql/*/bin/postgres' postgresql '^(libllvm|libz3|perl|libperl|lib.*-perl|postgresql-c)'
      ;;
    redis-server) server_folder redis-server usr/bin/redis-server redis-server ;;
    spin) command -v spin || debian_file spin spin usr/bin/spin ;;
    aarch64)
      ensure_command aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
      command -v aarch64-linux-gnu-g++
      ;;
    qemu-aarch64)
      command -v qemu-aarch64-static || command -v qemu-aarch64 ||
        debian_file "$1" qemu-user-static usr/bin/qemu-aarch64-static
      ;;
    guest-arm64 | guest-amd64) guest_folder "${1#guest-}" ;;
    guest-node-arm64 | guest-node-amd64) guest_node "${1#guest-node-}" ;;
    bullseye-root) bullseye_root "$(node -p process.arch)" ;;
    bullseye-root-arm64) bullseye_root arm64 ;;
    machine-recordings) machine_recordings ;;
    *)
      tools_fail "no tool is called '$1'; there are prometheus, promtool, alertmanager, amtool, prometheus-3, promtool-3," \
        'newer-alertmanager, newer-amtool,' \
        'prometheus-node-exporter, prometheus-postgres-exporter, prometheus-redis-exporter, googletest,' \
        'benchmark, openmetrics-parser, cmake, chromium, pngquant, node-matrix, node-matrix-arm64, gnu-time, spin,' \
        'postgresql, redis-server, aarch64, qemu-aarch64, guest-arm64, guest-amd64, guest-node-arm64, guest-node-amd64,' \
        'bullseye-root, bullseye-root-arm64, machine-recordings'
      ;;
  esac
}

# debian_file NAME PACKAGE PATH [OTHER...]: PATH inside the unpacked Debian package in the cache, fetched when it is not
# there. OTHER are packages that it cannot do without, unpacked into the same folder.
debian_file() {
  local name="$1" package="$2" file="$TOOLS_CACHE/$2/$3"
  [ -e "$file" ] || with_tool_lock "$package" fetch_debian "$name" "$package" "${@:4}"
  [ -e "$file" ] || tools_fail "$name is missing from the Debian package $package; install it with: sudo apt-get install $package"
  echo "$file"
}

fetch_debian() {
  local name="$1" package="$2" target="$TOOLS_CACHE/$2" work
  [ -e "$target" ] && return # another caller fetched it while this one waited for the lock
  local missing="$name is missing; install it with: sudo apt-get install $package"
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then tools_fail "$missing"; fi
  local packages=("${@:2}")
  tools_say "fetching the Debian package ${packages[*]} into the cache"
  work="$(mktemp -d "$TOOLS_CACHE/.$package.XXXXXX")"
  # shellcheck disable=SC2064 # the folder's name is meant to be fixed now
  trap "rm -rf '$work'" EXIT
  # Only root may refresh the package lists; it is tried when the package is unknown or gone from the mirror.
  (cd "$work" && apt_download "${packages[@]}") ||
    { may_install && apt-get update -qq >&2 && (cd "$work" && apt_download "${packages[@]}"); } ||
    tools_fail "$missing (if the package is unknown, first: sudo apt-get update)"
  local archive
  for archive in "$work"/*.deb; do dpkg -x "$archive" "$work/files" || tools_fail "$missing"; done
  mv -T "$work/files" "$target" || tools_fail "$name could not be moved to $target"
}

apt_download() { apt-get -qq -o APT::Sandbox::User=root download "$@" >&2; }

# node_matrix ARCH: the binary of each major, one a line.
node_matrix() {
  local major
  for major in $NODE_MAJORS; do node_binary "$1" "$major"; done
}

# node_binary ARCH MAJOR: the newest release of a major that npm has; without a network, the newest one in the cache.
node_binary() {
  local package="node-linux-$1" major="$2" version binary
  version="$(newest_release "$package" "$major")" || version="$(newest_cached "$package" "$major")"
  [ -n "$version" ] ||
    tools_fail "Node.js $major is missing and npm could not be asked for it; with a network, run: npm view $package@$major version"
  binary="$TOOLS_CACHE/$package/$version/bin/node"
  [ -e "$binary" ] || with_tool_lock "$package-$version" fetch_node "$package" "$version"
  # One for another architecture is taken on trust: npm checked it.
  [ "$1" != "$(node -p process.arch)" ] || [ "$("$binary" --version)" = "v$version" ] ||
    tools_fail "$binary does not answer as v$version; delete $TOOLS_CACHE/$package/$version"
  echo "$binary"
}

# npm lists a range's versions in no useful order and resolves it with the dist-tags in mind: the numbers decide here.
newest_release() {
  npm view "$1@$2" version --json 2>/dev/null | node -e '
    let text = ""
    process.stdin.on("data", (chunk) => { text += chunk }).on("end", () => {
      if (text.trim() === "") process.exit(1)
      const versions = [JSON.parse(text)].flat().filter((version) => /^\d+\.\d+\.\d+$/.test(version))
      if (versions.length === 0) process.exit(1)
      const parts = (version) => version.split(".").map(Number)
      const order = (a, b) => a.map((part, i) => part - b[i]).find((difference) => difference !== 0) ?? 0
      console.log(versions.sort((a, b) => order(parts(a), parts(b))).at(-1))
    })'
}

newest_cached() {
  local found
  found="$(find "$TOOLS_CACHE/$1" -maxdepth 1 -name "$2.*" -printf '%f\n' 2>/dev/null | sort -V | tail -n 1)"
  [ -z "$found" ] || tools_say "npm did not answer: using $1@$found, the newest in the cache"
  echo "$found"
}

fetch_node() {
  local package="$1" version="$2" target="$TOOLS_CACHE/$1/$2" work
  [ -e "$target" ] && return
  tools_say "fetching $package@$version into the cache"
  mkdir -p "$TOOLS_CACHE/$package"
  work="$(mktemp -d "$TOOLS_CACHE/.$package.XXXXXX")"
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  # npm checks the archive against the registry's checksum.
  npm pack --silent --pack-destination "$work" "$package@$version" >/dev/null ||
    tools_fail "npm could not fetch $package@$version; with a network, run: npm pack $package@$version"
  if ! tar -xzf "$work/$package-$version.tgz" -C "$work" || ! mv -T "$work/package" "$target"; then
    tools_fail "$package@$version could not be unpacked to $target"
  fi
}

# with_tool_lock NAME FUNCTION ARGUMENT...: runs the function in a subshell while no other process holds NAME's lock.
with_tool_lock() {
  local name="$1"
  shift
  command -v flock >/dev/null || tools_fail 'flock is missing; install it with: sudo apt-get install util-linux'
  mkdir -p "$TOOLS_CACHE"
  (
    flock 8
    "$@"
  ) 8>"$TOOLS_CACHE/.$name.lock"
}

# Called, not sourced: ensure each name given.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  [ $# -gt 0 ] || tools_fail 'usage: scripts/tools.sh NAME...'
  for name in "$@"; do ensure_tool "$name"; done
fi
