#!/bin/sh
# Wraps programs of another architecture, so that scripts can run them: neon.sh FOLDER makes FOLDER/run/NAME for each.
set -eu
mkdir -p "$1/run"
for program in "$1"/fuzz/replay_* "$1"/tests/verdict; do
    name=$1/run/$(basename "$program")
    printf '#!/bin/sh\nexec qemu-aarch64-static "%s" "$@"\n' "$PWD/$program" >"$name"
    chmod +x "$name"
done
