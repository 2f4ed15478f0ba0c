#!/usr/bin/env bash
# The set-up shared by demo, test and bench. Source it and call what you need:
#   . "$(dirname "${BASH_SOURCE[0]}")/setup.sh"; ensure_node; ensure_compiler; ensure_packages; ensure_build
# Each function does nothing when there is nothing to do, prints what it does to stderr, and ends the script with one
# line that names what is missing and the command that installs it. Two callers at once wait for each other.
set -euo pipefail

NANOTALLY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

setup_say() { printf '%s\n' "set-up: $*" >&2; }
setup_fail() { setup_say "$*"; exit 1; }

# may_install: whether this user may install system packages without being asked anything.
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE...: installs Debian packages. Lists that are missing, or too old to name what the mirror still has, are
# refreshed when that fails.
apt_install() {
  setup_say "installing $* with apt-get"
  apt_install_now "$@" || { apt-get update -qq >&2 && apt_install_now "$@"; }
}
apt_install_now() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2; }

# ensure_command COMMAND PACKAGE: the command, from PATH or from its Debian package.
ensure_command() {
  command -v "$1" >/dev/null && return
  if may_install; then apt_install "$2" || true; fi
  command -v "$1" >/dev/null || setup_fail "$1 is missing; install it with: sudo apt-get install $2"
}

# The oldest Node that `engines` in package.json allows.
ensure_node() {
  command -v node >/dev/null || setup_fail 'node is missing; install Node.js 20.19 or newer: https://nodejs.org/en/download'
  node -e '
    const least = require(process.argv[1]).engines.node.replace(">=", "").split(".").map(Number)
    const have = process.versions.node.split(".").map(Number)
    const differs = least.findIndex((part, i) => part !== have[i])
    process.exit(differs === -1 || have[differs] > least[differs] ? 0 : 1)
  ' "$NANOTALLY_ROOT/package.json" ||
    setup_fail "Node.js $(node --version) is too old; install 20.19 or newer: https://nodejs.org/en/download"
}

# A C++20 compiler, make, and the Python that node-gyp runs on.
ensure_compiler() {
  ensure_command "${CXX:-g++}" g++
  ensure_command make make
  ensure_command python3 python3
  printf '#include <bit>\nstatic_assert(std::has_single_bit(8u));\n' |
    "${CXX:-g++}" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null ||
    setup_fail "${CXX:-g++} cannot compile C++20; install a newer one with: sudo apt-get install g++"
}

# The npm packages of package-lock.json. npm lists what it installed in node_modules/.package-lock.json; when that is the
# older file, its contents decide (a checkout or `npm install` also touches package-lock.json).
ensure_packages() { with_setup_lock packages_now; }
packages_now() {
  local done_file="$NANOTALLY_ROOT/node_modules/.package-lock.json"
  if [ -e "$done_file" ]; then
    [ "$NANOTALLY_ROOT/package-lock.json" -nt "$done_file" ] || return 0
    if packages_match "$NANOTALLY_ROOT/package-lock.json" "$done_file"; then
      touch "$done_file"
      return 0
    fi
  fi
  setup_say 'installing npm packages (npm ci)'
  (cd "$NANOTALLY_ROOT" && npm ci --no-audit --no-fund >&2) || setup_fail 'npm ci failed; its output is above'
  touch "$done_file"
}

# packages_match WANTED INSTALLED: whether two lock files name the same packages, but for optional ones left out.
packages_match() {
  node -e '
    const [wanted, installed] = process.argv.slice(1).map((file) => require(file).packages)
    const same = (path) => wanted[path]?.version === installed[path]?.version
    const all = Object.keys({ ...wanted, ...installed }).filter((path) => path !== "")
    process.exit(all.every((path) => same(path) || (wanted[path]?.optional && !installed[path])) ? 0 : 1)
  ' "$1" "$2"
}

# addon_sources: the files and folders that the addon is built from, native/binding.gyp among them.
addon_sources() {
  local entry
  for entry in native/*; do
    case "$entry" in native/build | native/node-addon-api | native/test | native/fuzz | native/bench | native/model) ;; *) echo "$entry" ;; esac
  done
}

# link_into FOLDER SOURCE...: makes the folder one of links to these. node-gyp builds where binding.gyp is.
link_into() {
  local folder="$1" source
  shift
  mkdir -p "$folder"
  for source in "$@"; do ln -sfn "$NANOTALLY_ROOT/$source" "$folder/$(basename "$source")"; done
}

# build_example_addon SOURCES [PLACE [NODE_GYP_ARGUMENT...]]: builds the addon of a folder that records through
# native/include/nanotally.h, in PLACE (default: there), when it is missing or older than its sources or that header.
build_example_addon() {
  local folder="$1" place="${2:-$1}" product
  shift "$(($# < 2 ? 1 : 2))"
  # Nothing is built yet where there is no folder.
  product="$(find "$place/build/Release" -maxdepth 1 -name '*.node' -print -quit 2>/dev/null || true)"
  if [ -z "$product" ] || [ -n "$(find "$folder" native/include -name build -prune -o -name node_modules -prune -o \
    -regex '.*\.\(h\|c\|cc\|gyp\)' -newer "$product" -print -quit)" ]; then
    setup_say "building the addon of $folder (node-gyp)${*:+ $*}"
    npm exec --no --silent -- node-gyp --directory="$place" --jobs=max "$@" configure build >&2 ||
      setup_fail "the build in $place failed; its output is above"
    touch "$place"/build/Release/*.node # a build that found nothing to compile leaves it as it was
  fi
}

# The addon and dist/, each built only when missing or older than one of its sources.
ensure_build() { with_setup_lock build_now; }
build_now() {
  cd "$NANOTALLY_ROOT"
  # $1 is a product of the build; the rest are its sources: files, and folders (whose time tells of deleted files).
  stale() {
    local product="$1"
    shift
    [ ! -e "$product" ] || [ -n "$(find "$@" -newer "$product" -print -quit)" ]
  }
  local addon
  # Nothing is built yet where there is no folder.
  addon="$(find native/build/Release -maxdepth 1 -name '*.node' -print -quit 2>/dev/null || true)"
  # shellcheck disable=SC2046 # no name has a space
  if [ -z "$addon" ] || stale "$addon" $(addon_sources); then
    setup_say 'building the addon (npm run build:native)'
    npm run --silent build:native >&2 || setup_fail 'the native build failed; its output is above'
    # A build that found nothing to compile leaves the addon as it was: it is up to date all the same.
    addon="$(find native/build/Release -maxdepth 1 -name '*.node' -print -quit)"
    [ -n "$addon" ] || setup_fail 'the native build made no native/build/Release/*.node'
    touch "$addon"
  fi
  if stale dist/index.js lib tsconfig.json package.json || stale dist/index.mjs lib tsconfig.json package.json; then
    setup_say 'building dist/ (npm run build:lib)'
    # What a failed compilation emitted must not pass for a finished build the next time.
    npm run --silent build:lib >&2 || { rm -f dist/index.js; setup_fail 'the TypeScript build failed; its output is above'; }
    touch dist/index.js dist/index.mjs
  fi
  if stale dist/live/live.js page package.json; then
    setup_say 'building dist/live (npm run build:page)'
    npm run --silent build:page >&2 || setup_fail 'the build of the live page failed; its output is above'
    touch dist/live/live.js
  fi
}

# with_setup_lock FUNCTION [ARGUMENT...]: runs it in a subshell while no other caller in this checkout runs one. A machine without flock
# (it is in Debian's base system) runs it unlocked.
with_setup_lock() {
  local key lock
  key="$(printf '%s' "$NANOTALLY_ROOT" | cksum | cut -d ' ' -f 1)"
  lock="${TMPDIR:-/tmp}/nanotally-set-up-$(id -u)-$key.lock"
  (
    if command -v flock >/dev/null; then flock 9; fi
    "$@"
  ) 9>"$lock"
}
