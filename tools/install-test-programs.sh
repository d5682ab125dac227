#!/usr/bin/env bash
# Installs the programs that tests and benchmarks compare with and `npm ci` does not bring, from Debian's packages.
# Does nothing when all are there; without root it says what is missing. Tests that miss one are skipped, by name.
set -euo pipefail

# program:package
wanted=(
  age:age                       # opens and makes the same files
  openssl:openssl               # second opinion on keys, digests and ciphers
  expect:expect                 # a terminal for prompts
  gnome-keyring-daemon:gnome-keyring dbus-run-session:dbus-daemon   # a desktop's keyring
  fish:fish zsh:zsh             # completion
  mandoc:mandoc                 # a strict reader of manual pages
  /usr/bin/node:nodejs          # a Node that is too old
  minisign:minisign gpg:gnupg   # rivals in the benchmarks
  /usr/bin/time:time            # CPU time and memory of one process
  strace:strace                 # what a node asks of the system, in which order
)

missing=()
for pair in "${wanted[@]}"; do
  command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "install-test-programs: please install: ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
