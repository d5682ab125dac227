#!/usr/bin/env bash
# Installs what `npm run test:oracle` compares with and nothing else needs: Wine and a compiler for its programs, from
# Debian's packages. Not part of .ci/run: Wine's own directory, made on first use, takes about 690 MB.
# Does nothing when both are there; without root it says what is missing.
set -euo pipefail

missing=()
command -v x86_64-w64-mingw32-gcc >/dev/null || missing+=(gcc-mingw-w64-x86-64-win32)
command -v wine64 >/dev/null || [ -x /usr/lib/wine/wine64 ] || missing+=(wine64) # Debian keeps its loader out of PATH
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "install-oracle: please install: ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
