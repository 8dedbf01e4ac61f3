#!/bin/sh
# Plays the scene offline: the changes of a table of products go into an index of a stand-in for OpenSearch; then the
# first half of them comes again, late, and changes nothing. Options are passed on to `ddbstream run`.
. "$(dirname "$0")/../scenes/scene.sh"
scene stream "$work/stream.jsonl"
head -n 400 "$work/stream.jsonl" >"$work/late.jsonl"
for stream in stream late; do
    play --source "$work/$stream.jsonl" --env SEARCH_INDEX=products "$@"
    scene tell
done
