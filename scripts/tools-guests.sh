#!/usr/bin/env bash
# The part of tools.sh, which sources it, that gets what the guests of scripts/guest.sh need.
# A guest's folder in the cache, $TOOLS_CACHE/guest-<arch>, holds what Debian gives and nothing of this checkout:
#   vmlinuz     the kernel of linux-image-cloud-<arch>
#   base.cpio   the root: /bin/busybox (static) and, in /modules, numbered in the order to load them, the modules of the
#               port through which results leave the guest
# Packages of either architecture come through an apt state of their own, in a folder that is deleted afterwards: nothing
# is installed, and the host's architectures and package lists stay as they are.

# Each needs the ones before it.
GUEST_MODULES='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console'

# guest_folder ARCH: prints the guest's folder, made when it is not there. Its emulator is ensured, too.
guest_folder() {
  local folder="$TOOLS_CACHE/guest-$1"
  case "$1" in
    arm64) ensure_command qemu-system-aarch64 qemu-system-arm ;;
    amd64) ensure_command qemu-system-x86_64 qemu-system-x86 ;;
  esac
  ensure_command cpio cpio
  [ -e "$folder" ] || with_tool_lock "guest-$1" make_guest "$1"
  echo "$folder"
}

make_guest() {
  local arch="$1" target="$TOOLS_CACHE/guest-$1" work image
  [ -e "$target" ] && return
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    tools_fail "guest-$arch is missing, and is made from Debian packages: run this on Debian, with apt-get"
  fi
  tools_say "fetching Debian's kernel and busybox for $arch guests into the cache"
  work="$(mktemp -d "$TOOLS_CACHE/.guest-$arch.XXXXXX")"
  # shellcheck disable=SC2064 # the folder's name is meant to be fixed now
  trap "rm -rf '$work'" EXIT

  local missing="guest-$arch is missing: apt-get could not fetch its packages; with a network to Debian's archive, run:"
  missing="$missing scripts/tools.sh guest-$arch"
  apt_of "$arch" "$work/apt" get -qq update >&2 || tools_fail "$missing"
  # linux-image-cloud-<arch> is empty, and depends on the newest kernel.
  image="$(apt_of "$arch" "$work/apt" cache show --no-all-versions "linux-image-cloud-$arch" |
    sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p')"
  [ -n "$image" ] || tools_fail "$missing"
  mkdir "$work/files" "$work/guest"
  local package
  for package in "$image" busybox-static; do
    (cd "$work" && apt_of "$arch" "$work/apt" get -qq download "$package" >&2) || tools_fail "$missing"
    dpkg -x "$work/$package"_*.deb "$work/files" || tools_fail "$missing"
  done
  cp "$work"/files/boot/vmlinuz-* "$work/guest/vmlinuz"
  pack_base "$work/files" "$work/base"
  pack_layer "$work/base" >"$work/guest/base.cpio"
  mv -T "$work/guest" "$target" || tools_fail "guest-$arch could not be moved to $target"
}

# apt_of ARCH STATE_FOLDER get|cache ARGUMENT...: apt for an architecture, with the host's sources and a state of its own.
apt_of() {
  local arch="$1" state="$2" tool="apt-$3"
  shift 3
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  touch "$state/status"
  "$tool" -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
    -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" "$@"
}

# pack_base FILES ROOT: makes the root from the unpacked packages.
pack_base() {
  local files="$1" root="$2" name module i=0
  mkdir -p "$root/bin" "$root/modules"
  cp "$files/bin/busybox" "$root/bin/"
  for name in $GUEST_MODULES; do
    i=$((i + 1))
    module="$(find "$files/lib/modules" -name "$name.ko" -print -quit)"
    if [ -n "$module" ]; then
      cp "$module" "$root/modules/$i-$name.ko"
    elif ! grep -q "/$name\.ko$" "$files"/lib/modules/*/modules.builtin; then
      tools_fail "the kernel package holds no module $name that a guest could load"
    fi
  done
}

# pack_layer FOLDER: the folder as a cpio archive on stdout. The kernel unpacks archives that follow each other in its
# initrd one over the other.
pack_layer() { (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet); }
