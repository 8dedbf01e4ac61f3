#!/bin/sh
# deb.sh ROOT VERSION DIR: a Debian package in DIR from an installation below ROOT. What it depends on is found out from
# the libraries that the installed files are linked with.
set -eu
tree=$1 version=$2 out=$3
here=$(cd "$(dirname "$0")/../.." && pwd)
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
export SOURCE_DATE_EPOCH

shared_libraries() { # dpkg-shlibdeps wants to be called in a source package
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/debian"
    printf 'Source: ddbstream\n\nPackage: ddbstream\nArchitecture: any\n' >"$work/debian/control"
    library=$(find "$tree" -name 'libddbstream.so.*.*.*')
    (cd "$work" && dpkg-shlibdeps -O --ignore-missing-info "$tree/usr/bin/ddbstream" "$library" 2>/dev/null) |
        sed 's/^shlibs:Depends=//'
}

documentation=$tree/usr/share/doc/ddbstream
mkdir -p "$tree/DEBIAN" "$documentation"
{
    echo 'Upstream-Name: ddbstream'
    echo 'Licence: Apache-2.0, see /usr/share/common-licenses/Apache-2.0'
} >"$documentation/copyright"
gzip -9n <"$here/CHANGELOG.md" >"$documentation/changelog.gz"
find "$tree/usr/share/man" -type f -name '*.[0-9]' -exec gzip -9nf {} +
strip --strip-unneeded "$tree/usr/bin/ddbstream" "$(find "$tree" -name 'libddbstream.so.*.*.*')"
cat >"$tree/DEBIAN/control" <<END
Package: ddbstream
Version: $version
Architecture: $architecture
Section: devel
Priority: optional
Maintainer: The ddbstream authors <ddbstream@example.org>
Installed-Size: $(du -sk "$tree/usr" | cut -f1)
Depends: $(shared_libraries)
Recommends: libcurl4-openssl-dev, libcjson-dev, zlib1g-dev, pkg-config
Description: AWS Lambda functions that consume DynamoDB streams, in C
 A library and a custom runtime that turn change records of a DynamoDB table
 into typed C records and report partial batch failures, and a command that
 stands in for AWS on this machine.
END
printf 'activate-noawait ldconfig\n' >"$tree/DEBIAN/triggers"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/ddbstream_${version}_$architecture.deb"
