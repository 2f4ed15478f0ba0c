#!/usr/bin/env bash
# The part of tools.sh, which sources it, that gets the database servers of the tests: Debian's packages of the host's suite,
# unpacked into the cache with the libraries that the host lacks, and run from there. Nothing is installed, so nothing is
# started. Servers that refuse to run as root run as nobody, who cannot see into root's cache: root keeps them in /var/cache.
SERVERS_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/nanotally/tools"
[ "$(id -u)" != 0 ] || SERVERS_CACHE=/var/cache/nanotally

# server_folder NAME PROGRAM PACKAGE [LEAVE_OUT]: the folder that a server runs from: / where the program is installed, else
# one in the cache. PROGRAM is a path with wildcards; LEAVE_OUT a pattern of packages that it can do without.
server_folder() {
  local name="$1" program="$2" package="$3" folder="$SERVERS_CACHE/$1" found
  # shellcheck disable=SC2086 # the wildcards are meant to be expanded
  if found="$(compgen -G "/$program")" && [ -n "$found" ]; then
    echo /
    return
  fi
  [ -e "$folder" ] || with_tool_lock "$name" fetch_server "$name" "$package" "${4:-^\$}"
  compgen -G "$folder/$program" >/dev/null ||
    tools_fail "$name is missing from the Debian package $package; install it with: sudo apt-get install $package"
  echo "$folder"
}

fetch_server() {
  local name="$1" package="$2" leave_out="$3" target="$SERVERS_CACHE/$1" work archive
  [ -e "$target" ] && return # another caller fetched it while this one waited for the lock
  local missing="$name is missing; install it with: sudo apt-get install $package"
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then tools_fail "$missing"; fi
  tools_say "fetching the Debian package $package and what it needs into the cache"
  work="$(mktemp -d "$TOOLS_CACHE/.$name.XXXXXX")"
  # shellcheck disable=SC2064 # the folder's name is meant to be fixed now
  trap "rm -rf '$work'" EXIT
  # Only root may refresh the package lists; it is tried when the package is unknown or gone from the mirror.
  (cd "$work" && download_server "$package" "$leave_out") ||
    { may_install && apt-get update -qq >&2 && (cd "$work" && download_server "$package" "$leave_out"); } ||
    tools_fail "$missing (if the package is unknown, first: sudo apt-get update)"
  for archive in "$work"/*.deb; do dpkg -x "$archive" "$work/files" || tools_fail "$missing"; done
  mkdir -p "$SERVERS_CACHE"
  mv -T "$work/files" "$target" || tools_fail "$name could not be moved to $target"
}

# What an installation of the package would add to this machine; a simulated one needs no rights.
download_server() {
  local needed
  needed="$(apt-get -qq --simulate --no-install-recommends install "$1" | sed -n 's/^Inst \([^ ]*\).*/\1/p')" || return 1
  needed="$(grep -aEv "$2" <<<"$needed")" || return 1
  # shellcheck disable=SC2086 # one word for each package
  apt_download $needed
}
