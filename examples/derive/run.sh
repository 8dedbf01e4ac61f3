#!/bin/sh
# Plays the scene of this example on this machine: sh examples/derive/run.sh [--build FOLDER] [--faults SEED]
exec python3 "$(dirname "$0")/scene.py" "$@"
