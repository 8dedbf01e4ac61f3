#!/bin/sh
# package.sh: from a handler's sources to the zip that Lambda takes: one static program, checked, for one architecture or
# both. The parts are in runtime/package/.
set -eu
root=$(cd "$(dirname "$0")" && pwd)
package=$root/runtime/package
cache=$root/build/package
# shellcheck source=runtime/package/sources.sh
. "$package/sources.sh"
# shellcheck source=runtime/package/toolchain.sh
. "$package/toolchain.sh"
# shellcheck source=runtime/package/depends.sh
. "$package/depends.sh"
# shellcheck source=runtime/package/handler.sh
. "$package/handler.sh"
# shellcheck source=runtime/package/smoke.sh
. "$package/smoke.sh"
# shellcheck source=runtime/package/report.sh
. "$package/report.sh"

usage() {
    cat <<'END'
usage: ./package.sh [--arch x86_64|arm64|both] [--runtime al2023|al2] [--tls] [-o DIR] HANDLER...

Make the zip of a Lambda function: NAME-ARCH.zip with one static, stripped `bootstrap`, and beside it
NAME-ARCH.debug for `ddbstream symbolize` and debuggers, and NAME-ARCH.cdx.json, which lists what is in it.

HANDLER is
  a folder        all its *.c but test_*.c and *_test.c; NAME is the folder's
  *.c files       all that are given make one function; NAME is the first one's
  DIR:TARGET      a target of DIR/Makefile, which links the program DIR/TARGET with $(CC) $(CFLAGS),
                  $(LDFLAGS) and $(LDLIBS) as they are given to it

  --arch ARCH     x86_64, arm64 or both; default: this machine's
  --runtime NAME  al2023 (default) or al2; the program is static and the same for both
  --tls           link libcurl and OpenSSL; without it that is done when the handler calls AWS (aws.h) or libcurl
  -o DIR          where the zip is put; default: build
  --bootstrap DIR  also put the program itself into DIR, as `bootstrap`: for `sam build`; one handler,
                  one architecture
  --event FILE    the event that the finished program must answer without an error; default: no records
  --env NAME=VALUE  a variable of the function while it does that; may be repeated
  --sources DIR   release tarballs, checked against runtime/package/tarballs.sha256, instead of the
                  distribution's source packages
CFLAGS of the environment are added for the handler; SOURCE_DATE_EPOCH is the time in the zip.

Exit status: 0 packaged, 1 a check failed, 2 it could not be tried.

Example:
  ./package.sh --arch both examples/orders
END
}

# ---- Saying things ----

say() {
    printf '  %-7s %s\n' "${arch:-}" "$1"
}
warn() {
    printf 'package.sh: %s\n' "$1" >&2
}
fail() { # it could not be tried
    warn "$1"
    exit 2
}
refuse() { # a check failed
    warn "$1"
    exit 1
}
logged() { # logged NAME COMMAND...: its output goes to a file, which $log names
    log=$cache/log/${arch:-all}-$1.log
    mkdir -p "$cache/log"
    shift
    "$@" >"$log" 2>&1
}
fail_log() { # fail_log WHY: the end of the newest log of this architecture tells more
    newest=$(find "$cache/log" -name "${arch:-all}-*.log" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
    tail -n 15 "$newest" | cut -c1-300 >&2
    fail "$1; the lines above are the end of $newest"
}
digest_of() { # the sha256 of files, together
    cat "$@" | sha256sum | cut -d' ' -f1
}

# ---- What is asked for ----

take_arch() {
    case $1 in
    x86_64 | arm64) arches=$1 ;;
    both) arches='x86_64 arm64' ;;
    *) fail "--arch takes x86_64, arm64 or both, not \"$1\"" ;;
    esac
}
take_runtime() {
    case $1 in
    al2023 | al2) runtime=provided.$1 ;;
    *) fail "--runtime takes al2023 or al2, not \"$1\"" ;;
    esac
}
take_env() {
    case $1 in
    [!=]*=*) smoke_env="$smoke_env --env $1" ;;
    *) fail "--env takes NAME=VALUE, not \"$1\"" ;;
    esac
    case $1 in *[[:space:]]*) fail "--env takes no values with spaces" ;; esac
}

arches='' runtime=provided.al2023 tls='' out=$root/build artifacts='' event='' smoke_env='' sources=''
while [ $# -gt 0 ]; do
    case $1 in
    --arch | --runtime | -o | --bootstrap | --event | --env | --sources)
        [ $# -gt 1 ] || fail "$1 needs a value; see ./package.sh --help"
        case $1 in
        --arch) take_arch "$2" ;;
        --runtime) take_runtime "$2" ;;
        -o) mkdir -p "$2" && out=$(cd "$2" && pwd) ;;
        --bootstrap) mkdir -p "$2" && artifacts=$(cd "$2" && pwd) ;;
        --event) event=$2 ;;
        --env) take_env "$2" ;;
        --sources) sources=$(cd "$2" && pwd) || fail "--sources: there is no folder $2" ;;
        esac
        shift
        ;;
    --tls) tls=1 ;;
    -h | --help) usage && exit 0 ;;
    -*) fail "unknown option \"$1\"; see ./package.sh --help" ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || fail 'which handler? See ./package.sh --help'
[ "$(uname -s)" = Linux ] || fail 'this runs on Linux only'
[ -z "$event" ] || [ -r "$event" ] || fail "--event: $event cannot be read"
[ -z "$artifacts" ] || { [ $# = 1 ] && [ "$arches" != 'x86_64 arm64' ]; } ||
    fail '--bootstrap takes one handler and one architecture'
jobs=$(nproc 2>/dev/null || echo 1)

# ---- Doing it ----

prepare() { # what runs on this machine: compilers, the checker, the Runtime API of the smoke test
    for arch in ${arches:=$(machine_arch)}; do
        sh "$root/.ci/deps" "package-$arch" || exit 2
    done
    arch=
    logged tools make -C "$root" -j"$jobs" build/ddbstream build/package/pack ||
        fail_log 'the tools that check a program cannot be built'
    sources_prepare
}

# The sources are fetched and unpacked once, before the architectures are built side by side.
fetch() {
    for name in musl zlib cjson curl ${tls:+openssl}; do
        source_find "$name"
    done
}

for_each_arch() { # for_each_arch FUNCTION ARGUMENT...: side by side, each in a shell of its own
    pids=
    for arch in $arches; do
        (
            toolchain_use "$arch"
            "$@"
        ) &
        pids="$pids $!"
    done
    status=0
    for pid in $pids; do
        wait "$pid" || status=$?
    done
    [ "$status" = 0 ] || exit "$status"
}

umask 022
unset CDPATH GREP_OPTIONS
LC_ALL=C
export LC_ALL
prepare
fetch
handlers "$@" # one line for each function: its name and its sources
while IFS='	' read -r name what; do
    for_each_arch package_handler "$name" "$what"
done <"$cache/handlers"
