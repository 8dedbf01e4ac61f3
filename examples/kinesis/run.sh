#!/bin/sh
# Plays the scene offline: the same eight changes as an event of the table's stream, of Kinesis and of Pipes. The last line
# of each is the answer to Lambda: it names the order of nothing.
. "$(dirname "$0")/../scenes/scene.sh"
scene events "$work"
for source in dynamodb kinesis pipes; do
    echo "== $source"
    DDBS_REPORT=items "$bootstrap" --event "$work/$source.json" 2>"$work/log" || [ $? = 1 ] # 1: a record failed
    tail -n 1 "$work/log"
done
