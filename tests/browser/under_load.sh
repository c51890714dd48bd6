#!/bin/sh
# The browser tests, ten times in a row, beside four processes that never rest; ends at a failure.
# A test that acts on what is drawn before it is alive fails here first.
set -eu
python=$1
rounds=${2:-10}
busy=""
trap 'kill $busy 2>/dev/null' EXIT
trap 'exit 1' INT TERM
for _ in 1 2 3 4; do
    sh -c 'while :; do :; done' &
    busy="$busy $!"
done
round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    echo "Round $round of $rounds"
    "$python" -m pytest -q -n 2 --dist loadfile tests/browser
done
