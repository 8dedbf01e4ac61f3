#!/bin/sh
# Checks the direction of includes and that the core links against libc alone.
set -eu
cd "$(dirname "$0")/.."
bad=0
forbid() { # forbid PATTERN WHY FILES...
    pattern=$1 why=$2
    shift 2
    if grep -nE "$pattern" "$@"; then
        echo "layers: $why" >&2
        bad=1
    fi
}
forbid '#include [<"](runtime/|curl/|pthread|threads|time\.h|sys/|unistd|fcntl|poll|signal)' 'lib/ is pure: no runtime, network, clock or system' lib/*.[ch]
forbid '#include <(cjson|zlib|ddbstream/cjson)' 'cJSON belongs to lib/cjson.c, zlib to lib/inflate.c' \
    $(ls lib/*.[ch] | grep -v -e lib/cjson.c -e lib/inflate.c)
forbid '#include "(runtime|lib)/' 'a public header includes public headers only' include/*.h include/*/*.h
forbid '#include "(runtime/)?(lambda|emulator)/|#include <(curl|sys/|unistd|time\.h|poll|signal)' 'runtime/mapping is pure' runtime/mapping/*.[ch]
forbid '#include "(runtime/)?(lambda|emulator|mapping)/|#include <(curl|sys/|unistd|time\.h|poll|signal|cjson|zlib)' 'runtime/table is pure' runtime/table/*.[ch]
forbid '#include "(runtime/)?(lambda|emulator|mapping)/|#include <ddbstream/(lambda|log|metrics)\.h>' \
    'runtime/aws includes lib/ and include/: deadline and trace come through the context and the environment' \
    runtime/aws/*.[ch]
forbid '#include <curl/' 'libcurl belongs to runtime/aws/curl.c' $(ls runtime/aws/*.[ch] | grep -v runtime/aws/curl.c)
forbid '#include "(runtime/)?aws/|#include <ddbstream/(aws|idempotency)\.h>' 'nobody refers to runtime/aws unless a handler does' \
    lib/*.[ch] runtime/lambda/*.[ch] runtime/mapping/*.[ch] runtime/emulator/*.[ch]
forbid '#include "(runtime/)?emulator/' 'runtime/lambda and runtime/emulator never meet' runtime/lambda/*.[ch]
forbid '#include "(runtime/)?lambda/|#include <ddbstream/lambda\.h>' 'runtime/emulator and runtime/lambda never meet' runtime/emulator/*.[ch]
forbid '#include "(lib|runtime/(lambda|mapping))/' 'runtime/package reads programs as runtime/emulator does, and no more' \
    runtime/package/*.[ch]
forbid '#include [<"](lib|runtime)/' 'examples use the public headers' examples/*/*.c

# What the core needs from outside is libc, cJSON for its bridge and zlib for ddbs_inflate: a program that holds all of it
# links without -lcurl.
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
printf 'int main(void) { return 0; }\n' >"$out/main.c"
${CC:-cc} -o "$out/core" "$out/main.c" -Wl,--whole-archive build/libcore.a -Wl,--no-whole-archive -lcjson -lz || {
    echo 'layers: lib/ needs more than libc, cJSON and zlib' >&2
    bad=1
}
# A handler that makes no call of AWS has nothing of runtime/aws in it.
${CC:-cc} -Iinclude -o "$out/handler" -x c - -x none build/libddbstream.a -lcurl -lcjson -lz <<'END'
#include <ddbstream.h>
int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .user = NULL }, NULL);
}
END
if nm "$out/handler" | grep -E ' [tT] ddbs_(aws|writer|queue|curl|claim)'; then
    echo 'layers: a handler without calls of AWS has these functions of runtime/aws in it' >&2
    bad=1
fi
[ $bad = 0 ] && echo '  layers: lib/ links against libc, cJSON and zlib, includes run one way'
exit $bad
