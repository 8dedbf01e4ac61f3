#!/bin/sh
# sam.sh LOGICAL-ID DIR [ARCH]: what `sam build` asks a Makefile for (BuildMethod: makefile): the function with that name
# in the template, as DIR/bootstrap and nothing else. Orders is the folder examples/orders, and ARCH, where it is not
# given, what examples/orders/deploy/template.yaml says.
set -eu
id=$1 artifacts=$2 arch=${3:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
name=$(printf '%s' "$id" | tr '[:upper:]' '[:lower:]')
template=$root/examples/$name/deploy/template.yaml

fail() {
    printf 'build-%s: %s\n' "$id" "$1" >&2
    exit 2
}

# Lambda's own default is x86_64.
template_arch() {
    awk -v id="  $id:" '
        /^  [A-Za-z]/ { inside = $0 == id }
        inside && /^ +Architectures: *\[/ { gsub(/.*\[ *| *\].*/, ""); arch = $0 }
        END { print arch == "" ? "x86_64" : arch }' "$template"
}

[ -n "$artifacts" ] || fail 'ARTIFACTS_DIR is not set: sam sets it'
[ -d "$root/examples/$name" ] || fail "there is no folder examples/$name"
[ -n "$arch" ] || [ -f "$template" ] || fail "SAM_ARCH is not set, and there is no examples/$name/deploy/template.yaml"
exec "$root/package.sh" --arch "${arch:-$(template_arch)}" --bootstrap "$artifacts" "$root/examples/$name"
