#!/bin/sh
# Tests of what lies beyond one machine start Debian's nginx; install it where it is missing.
set -eu
if command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ]; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need nginx 1.18 or newer: install it and run this again." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
echo "Installing nginx for the tests"
$as_root apt-get update -qq
# Tests start servers of their own: the machine need not run one.
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends nginx-light >/dev/null
