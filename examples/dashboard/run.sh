#!/bin/sh
# Plays the scene offline: requests of six minutes are counted in windows of one. What CloudWatch would read from the log
# goes into a file beside a copy of page.html, which draws it. Options are passed on to `ddbstream run`.
. "$(dirname "$0")/../scenes/scene.sh"
out=${OUT:-$bin/examples/dashboard}
scene stream "$work/stream.jsonl"
QUIET='' play --source "$work/stream.jsonl" --env DDBS_METRICS=failures "$@" >"$work/said"
grep -e 'records polled' -e ' faults*, seed ' "$work/said"
sed -n 's/^ *| \({"_aws".*\)/\1/p' "$work/played" >"$out/usage.jsonl"
cp "$here/page.html" "$out/"
scene minutes <"$out/usage.jsonl"
