#!/bin/sh
# Plays the scene offline: the changes of a table of orders become objects of a stand-in for S3. Options are passed on to
# `ddbstream run`.
. "$(dirname "$0")/../scenes/scene.sh"
scene stream "$work/stream.jsonl"
play --source "$work/stream.jsonl" --env ARCHIVE_BUCKET=orders-archive "$@"
scene tell
