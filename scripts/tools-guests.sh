#!/usr/bin/env bash
# The part of tools.sh, which sources it, that gets what the guests of scripts/guest.sh need.
# A guest's folder in the cache, $TOOLS_CACHE/guest-<arch>, holds what Debian gives and nothing of this checkout:
#   vmlinuz     the kernel of linux-image-cloud-<arch>
#   base.cpio   the root: /bin/busybox (static) and, in /modules, numbered in the order to load them, the modules of the
#               port through which results leave the guest
# Another one, $TOOLS_CACHE/guest-node-<arch>-<version>, holds layer.cpio: /bin/node, what it is linked to, and, in
# /opt/libnuma, where only those find it who name it in LD_LIBRARY_PATH, libnuma.
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

# guest_node ARCH: prints the layer with Node for a guest, made when it is not there: for this machine's architecture its
# own Node, for the other one the same major, from npm.
guest_node() {
  local arch="$1" of binary folder
  case "$arch" in
    arm64) of=arm64 ;;
    amd64) of=x64 ;;
  esac
  if [ "$(node -p process.arch)" = "$of" ]; then
    binary="$(node -p process.execPath)"
    folder="$TOOLS_CACHE/guest-node-$arch-$(node -p process.versions.node)"
  else
    binary="$(node_binary "$of" "$(node -p 'process.versions.node.split(".")[0]')")"
    folder="$TOOLS_CACHE/guest-node-$arch-$(basename "$(dirname "$(dirname "$binary")")")"
  fi
  ensure_command cpio cpio
  [ -e "$folder" ] || with_tool_lock "guest-node-$arch" make_guest_node "$arch" "$binary" "$folder"
  echo "$folder/layer.cpio"
}

make_guest_node() {
  local arch="$1" binary="$2" target="$3" work prefix='' triplet
  [ -e "$target" ] && return
  case "$arch" in
    arm64) triplet=aarch64-linux-gnu ;;
    amd64) triplet=x86_64-linux-gnu ;;
  esac
  [ "$(uname -m)" = "${triplet%%-*}" ] || prefix="$triplet-"
  [ -z "$prefix" ] || ensure_command "${prefix}g++" "g++-$triplet"
  tools_say "making a guest's Node from $binary"
  work="$(mktemp -d "$TOOLS_CACHE/.guest-node-$arch.XXXXXX")"
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT

  local missing="libnuma1 for $arch is missing: apt-get could not fetch it; with a network to Debian's archive, run: scripts/tools.sh guest-node-$arch"
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    tools_fail "libnuma1 for $arch is missing, and is Debian's: run this on Debian, with apt-get"
  fi
  apt_of "$arch" "$work/apt" get -qq update >&2 || tools_fail "$missing"
  (cd "$work" && apt_of "$arch" "$work/apt" get -qq download libnuma1 >&2) || tools_fail "$missing"
  dpkg -x "$work"/libnuma1_*.deb "$work/numa" || tools_fail "$missing"

  mkdir -p "$work/root/bin" "$work/root/opt/libnuma" "$work/made"
  cp -L "$work/numa/usr/lib/$triplet/libnuma.so.1" "$work/root/opt/libnuma/"
  # Symbols, which are a sixth of it, would be unpacked at every boot.
  "${prefix}strip" -o "$work/root/bin/node" "$binary" || tools_fail "$binary could not be stripped"
  copy_libraries "$prefix" "$binary" "$work/root"
  pack_layer "$work/root" >"$work/made/layer.cpio"
  mv -T "$work/made" "$target" || tools_fail "the guest's Node could not be moved to $target"
}

# copy_libraries PREFIX PROGRAM ROOT: what a program is linked to, into a guest's root: where the program finds it here, or,
# for one that a cross compiler's libraries are for, in /lib, where its own loader looks.
copy_libraries() {
  local prefix="$1" program="$2" root="$3" library
  if [ -z "$prefix" ]; then
    ldd "$program" | grep -o '/[^ ]*' | while IFS= read -r library; do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
  else
    mkdir -p "$root/lib"
    cp -L "/usr/${prefix%-}"/lib/{ld-linux-*.so.*,libc.so.6,libm.so.6,libdl.so.2,libpthread.so.0,librt.so.1,libstdc++.so.6,libgcc_s.so.1} "$root/lib/"
  fi
}
