#!/usr/bin/env bash
# Runs a command where programs for arm64 run as this machine's own do, by qemu-aarch64, and so do those that they start:
#   scripts/emulate-arm64.sh [--over TARGET SOURCE]... COMMAND [ARGUMENT...]
#   --over   there, the file or folder TARGET is SOURCE
# There: in a user namespace of its own, whose root the caller is; the machine sees no trace of it. The kernel starts the
# emulator by a registration (binfmt_misc), which a namespace has for itself from Linux 6.7 on. On an older one it has to
# be the machine's: sudo apt-get install qemu-user-static binfmt-support
# The emulator looks for the libraries of programs in QEMU_LD_PREFIX, the cross compiler's unless it is set.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

# Where it is no arm64, the kernel has the emulator run it once that is registered.
SYSROOT=/usr/aarch64-linux-gnu
PROGRAM="$SYSROOT/lib/ld-linux-aarch64.so.1"
runs_arm64() { "$PROGRAM" --version >/dev/null 2>&1; }

# In the namespace: the rest of this file, called by itself.
if [ "${1:-}" = --inside ]; then
  emulator="$2"
  shift 2
  if ! runs_arm64; then
    # binfmt_misc.rst: the head of an ELF file for aarch64, program or library; P: argv[0] is kept; F: the emulator is
    # found now, whatever the root is later.
    # A failure of either shows in what comes after them.
    if mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; then
      head='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
      mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
      printf '%s' ":nanotally-arm64:M::$head:$mask:$emulator:PF" >/proc/sys/fs/binfmt_misc/register || true
    fi
    runs_arm64 || setup_fail 'this kernel runs no arm64 programs in a user namespace: that needs Linux 6.7, or' \
      'the emulator registered for the whole machine: sudo apt-get install qemu-user-static binfmt-support'
  fi
  while [ "${1:-}" = --over ]; do
    mount --bind "$3" "$2" || setup_fail "$3 could not be mounted over $2"
    shift 3
  done
  exec "$@"
fi

[ $# -gt 0 ] || setup_fail 'usage: scripts/emulate-arm64.sh [--over TARGET SOURCE]... COMMAND [ARGUMENT...]'
ensure_tool aarch64 >/dev/null
emulator="$(ensure_tool qemu-aarch64)"
unshare --map-root-user --mount true ||
  setup_fail 'user namespaces are not allowed here (unshare --map-root-user --mount), and arm64 programs are run in one'
export QEMU_LD_PREFIX="${QEMU_LD_PREFIX:-$SYSROOT}"
exec unshare --map-root-user --mount "${BASH_SOURCE[0]}" --inside "$emulator" "$@"
