#!/bin/sh
# Plays the scene offline: the changes of a table of orders go through the function into a stand-in for Firehose.
# Options are passed on to `ddbstream run`.
. "$(dirname "$0")/../scenes/scene.sh"
scene stream "$work/stream.jsonl"
play --source "$work/stream.jsonl" --env DELIVERY_STREAM=orders-analytics "$@"
scene tell
