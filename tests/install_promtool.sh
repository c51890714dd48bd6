#!/bin/sh
# The example rules for Prometheus are checked by its own promtool, from Debian's package where
# there is one; nothing is installed but this one program, into the directory given.
set -eu
target="$1"
if [ -x "$target/promtool" ] || command -v promtool >/dev/null 2>&1; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
    echo "promtool is not here: the example rules are checked for their names only."
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
as_root=""
if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
echo "Fetching promtool to check the example rules"
# As root the download complains of a folder that its own user cannot read; it goes on all the same.
(cd "$folder" && apt-get download -qq prometheus >/dev/null 2>&1) ||
    { $as_root apt-get update -qq && (cd "$folder" && apt-get download -qq prometheus >/dev/null 2>&1); }
dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
install -m 755 "$folder/usr/bin/promtool" "$target/promtool"
