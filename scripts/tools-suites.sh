#!/usr/bin/env bash
# The part of tools.sh, which sources it, that gets Debian packages of a newer or older suite than the host's: they are
# unpacked into the cache and run from there.
# apt sees that suite, on the host's own mirror, through a source list and a state of their own, in a folder that is
# deleted afterwards: the host's lists stay as they are, and nothing of the suite can be installed by accident.

# suite_file NAME SUITE PACKAGE PATH: PATH inside the package, in the cache folder NAME. What the package depends on is not
# fetched: it has to be content with the host's libraries.
suite_file() {
  local name="$1" suite="$2" package="$3" file="$TOOLS_CACHE/$1/$4"
  [ -e "$file" ] || with_tool_lock "$name" fetch_from_suite "$name" "$suite" own "$package"
  [ -e "$file" ] || tools_fail "$name is missing from $suite's Debian package $package; see scripts/tools-suites.sh"
  echo "$file"
}

# fetch_from_suite NAME SUITE ARCH PACKAGE...: unpacks the packages into the cache folder NAME. ARCH is Debian's name of an
# architecture, or `own` for this machine's.
fetch_from_suite() {
  local name="$1" suite="$2" arch="$3" target="$TOOLS_CACHE/$1" work archive
  [ -e "$target" ] && return # another caller fetched it while this one waited for the lock
  local packages=("${@:4}")
  work="$(mktemp -d "$TOOLS_CACHE/.$name.XXXXXX")"
  # shellcheck disable=SC2064 # the folder's name is meant to be fixed now
  trap "rm -rf '$work'" EXIT
  (cd "$work" && download_from_suite "$name" "$suite" "$arch" deb "${packages[@]}") || exit 1
  for archive in "$work"/*.deb; do
    dpkg -x "$archive" "$work/files" || tools_fail "$name: $archive could not be unpacked"
  done
  mv -T "$work/files" "$target" || tools_fail "$name could not be moved to $target"
}

# download_from_suite NAME SUITE ARCH deb|deb-src PACKAGE...: the packages' archives into the working folder, or, for
# deb-src, what their sources are made of.
download_from_suite() {
  local name="$1" suite="$2" arch="$3" kind="$4" mirror
  local packages=("${@:5}") download=(download)
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    tools_fail "$name is missing, and comes from Debian packages of $suite: run this on Debian, with apt-get"
  fi
  local missing="$name is missing: apt-get could not fetch ${packages[*]} of $suite; with a network to Debian's archive, run:"
  missing="$missing sudo apt-get update && scripts/tools.sh $name"
  mirror="$(debian_mirror)"
  # Only root may refresh the host's lists, which name the mirror.
  [ -n "$mirror" ] || { may_install && apt-get update -qq >&2 && mirror="$(debian_mirror)"; } || true
  [ -n "$mirror" ] || tools_fail "$missing"
  [ "$arch" != own ] || arch="$(dpkg --print-architecture)"
  [ "$kind" = deb ] || download=(--download-only source)
  tools_say "fetching the Debian package(s) ${packages[*]} of $suite into the cache"
  printf '%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$kind" "$mirror" "$suite" >sources.list
  local of_suite=(-qq -o "Dir::Etc::SourceList=$PWD/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Acquire::Languages=none)
  apt_of "$arch" "$PWD/apt" get "${of_suite[@]}" update >&2 || tools_fail "$missing"
  apt_of "$arch" "$PWD/apt" get "${of_suite[@]}" "${download[@]}" "${packages[@]}" >&2 || tools_fail "$missing"
}

# Where the host gets Debian's main archive from; nothing where its lists do not tell.
debian_mirror() {
  # shellcheck disable=SC2016 # apt's placeholders
  apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' 'Component: main' | sed -n 1p
}
