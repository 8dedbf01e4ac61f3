#!/bin/sh
# Plays the scene of this example on this machine: sh examples/fanout/run.sh [--faults SEED] [OPTIONS OF ddbstream run]
PYTHONPATH=$(dirname "$0")/../scenes exec python3 -B "$(dirname "$0")/scene.py" "$@"
