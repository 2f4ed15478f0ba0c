#!/usr/bin/env bash
# Runs a script in a small guest, without KVM and without root:
#   scripts/guest.sh [--layer FILE]... arm64|amd64 PAYLOAD_DIR RESULT_DIR [-- QEMU_ARGS...]
# PAYLOAD_DIR is laid over the guest's root folder, in which else only busybox is, and its run.sh is run there by
# busybox's sh. What the script leaves in /tmp/results comes back into RESULT_DIR, with its output as log.txt, its exit
# code as rc, and the guest's console as console.txt. The log is printed, and the exit code is the script's; a guest that
# never reports is a failure, shown with the end of its console, after GUEST_SECONDS (600) at the latest.
# FILE is a cpio archive of what lies beneath the payload, such as the one that `scripts/tools.sh guest-node-amd64` prints.
# The guest has 4 CPUs in 2 NUMA nodes with 512 MB each. QEMU_ARGS that hold -smp, -m or -numa replace all of that;
# others are added to it, and a second -cpu, and an -accel, replace the first.
# The processor is emulated. Placement, topology, counts and error paths in a guest are real; times, ratios and cache
# misses are not. Nor is an arm64 guest's memory order on an x86-64 host: the host does not reorder what arm64 may.
# shellcheck source=scripts/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

usage='usage: scripts/guest.sh [--layer FILE]... arm64|amd64 PAYLOAD_DIR RESULT_DIR [-- QEMU_ARGS...]'
layers=()
while [ "${1:-}" = --layer ]; do
  [ -f "${2:-}" ] || tools_fail "$usage"
  layers+=("$2")
  shift 2
done
[ $# -ge 3 ] || tools_fail "$usage"
arch="$1" payload="$2" results="$3"
shift 3
if [ $# -gt 0 ]; then
  [ "$1" = -- ] || tools_fail "$usage"
  shift
fi
options=''
case "$arch" in
  arm64) qemu=(qemu-system-aarch64 -machine virt -cpu 'max,pauth-impdef=on') console=ttyAMA0 ;;
  amd64)
    qemu=(qemu-system-x86_64 -machine q35 -cpu max) console=ttyS0
    # A busy host delivers the timer's ticks late, which the kernel would take for a broken one, and panic.
    options=no_timer_check
    ;;
  *) tools_fail "$usage" ;;
esac
[ -f "$payload/run.sh" ] || tools_fail "$payload holds no run.sh"
seconds="${GUEST_SECONDS:-600}"
guest="$(guest_folder "$arch")"

shape=(-smp '4,sockets=2' -m 1024
  -object 'memory-backend-ram,id=m0,size=512M' -object 'memory-backend-ram,id=m1,size=512M'
  -numa 'node,nodeid=0,cpus=0-1,memdev=m0' -numa 'node,nodeid=1,cpus=2-3,memdev=m1' -numa 'dist,src=0,dst=1,val=21')
accelerator=(-accel tcg)
for argument in "$@"; do
  case "$argument" in
    -smp | -m | -numa) shape=() ;;
    -accel) accelerator=() ;;
  esac
done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$results"
rm -f "$results"/{log.txt,rc,console.txt}
mkdir "$work/top"
cp "$NANOTALLY_ROOT/scripts/guests/init" "$work/top/"
{
  cat "$guest/base.cpio" "${layers[@]}"
  pack_layer "$work/top"
  pack_layer "$payload"
} >"$work/initrd"

# QEMU writes into the temporary folder: its options are separated by commas, which the path of RESULT_DIR may hold.
# --foreground: a signal to this script's process group reaches QEMU, too.
code=0
timeout --foreground --kill-after=10 "$seconds" "${qemu[@]}" "${shape[@]}" "${accelerator[@]}" -nodefaults -no-user-config \
  -display none -no-reboot -monitor none -serial "file:$work/console.txt" \
  -kernel "$guest/vmlinuz" -initrd "$work/initrd" -append "console=$console quiet panic=-1 rdinit=/init $options" \
  -device virtio-serial-pci -chardev "file,id=results,path=$work/results.tar" \
  -device virtserialport,chardev=results,name=results "$@" </dev/null || code=$?

[ ! -e "$work/console.txt" ] || cp "$work/console.txt" "$results/"
if ! tar -C "$results" -xf "$work/results.tar" 2>/dev/null || [ ! -s "$results/rc" ]; then
  [ ! -e "$work/console.txt" ] || tail -n 30 "$work/console.txt" >&2
  case "$code" in
    124 | 137) tools_fail "the guest was stopped after $seconds s (GUEST_SECONDS) without a report; above is what it said last" ;;
    *) tools_fail "the guest ended without a report (QEMU's exit code is $code); above is what it said last" ;;
  esac
fi
cat "$results/log.txt"
exit "$(cat "$results/rc")"
