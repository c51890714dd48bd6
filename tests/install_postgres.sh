#!/bin/sh
# Tests of what lies beyond one machine start Debian's PostgreSQL; install it where it is missing.
set -eu
if command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need PostgreSQL 13 or newer: install it and run this again." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
echo "Installing PostgreSQL for the tests"
$as_root apt-get update -qq
# Tests start servers of their own: the machine need not run one.
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends postgresql >/dev/null
