#!/usr/bin/env bash
# The part of tools.sh, which sources it, that makes a small root folder of Debian bullseye, whose glibc, 2.31, is the
# oldest that Debian's mirror still has: $TOOLS_CACHE/bullseye-root-<arch>, with the libraries of Node and nothing else,
# not even a shell. It is for chroot, or for the emulator of the other architecture to look for libraries in (its -L).
# The packages come as those of scripts/tools-suites.sh do: nothing is installed, and the host's lists stay as they are.

# libatomic1 is for the newer Nodes.
ROOT_PACKAGES='libc6 libgcc-s1 libstdc++6 libatomic1'

# bullseye_root NODE_ARCH: prints the root's folder, made when it is not there.
bullseye_root() {
  local name="bullseye-root-$1"
  [ -e "$TOOLS_CACHE/$name" ] || with_tool_lock "$name" make_root "$name" "${1/x64/amd64}"
  echo "$TOOLS_CACHE/$name"
}

make_root() {
  # shellcheck disable=SC2086 # a list of words
  fetch_from_suite "$1" bullseye "$2" $ROOT_PACKAGES
}
