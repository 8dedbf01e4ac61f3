# scene.sh: what the run scripts of the examples share; they read it with `.` and then have
#   $work                 a folder that is gone when the script ends
#   scene stream FILE     write the stream of the scene
#   scene tell            say what the services have got
#   play OPTIONS          `ddbstream run` of the example's function, with its esm.json; what it prints is in
#                         $work/played, with all lines of the function where QUIET is empty
# BIN is the build folder. Without an AWS_ENDPOINT_URL the script starts over beside a stand-in for AWS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${BIN:-$root/build}
bootstrap=$bin/examples/$(basename "$here")/bootstrap
[ -x "$bootstrap" ] || { echo "$bootstrap is missing: run make" >&2; exit 2; }
[ -n "${AWS_ENDPOINT_URL:-}" ] || exec python3 "$root/examples/scenes/aws.py" "$0" "$@"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

scene() { PYTHONPATH=$root/examples/scenes PYTHONDONTWRITEBYTECODE=1 python3 "$here/scene.py" "$@"; }
play() {
    "$bin/ddbstream" run "$bootstrap" --esm "$here/esm.json" --env DDBS_REPORT=items --on-failure "$work/on-failure" \
        --time skip ${QUIET---quiet} "$@" >"$work/played" || { cat "$work/played"; return 1; }
    grep -v -e '^CloudWatch: ' -e 'EventCount' "$work/played" # times differ from run to run
}
