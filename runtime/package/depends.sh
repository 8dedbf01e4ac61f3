# depends.sh: zlib, cJSON, libcurl and OpenSSL as static libraries for one architecture. Read by package.sh.
#
# Every handler is compiled with depends_build: zlib, cJSON and the headers of libcurl. One that turns out to need libcurl
# itself gets depends_tls too: libcurl with OpenSSL. Both set include_flags, library_flags and libraries.
# shellcheck shell=sh

# Of curl's many protocols calls of AWS use one, HTTP/1.1. Texts of errors stay, for logs.
CURL_OPTIONS='--disable-shared --enable-static --enable-http --enable-symbol-hiding --enable-ipv6 --disable-debug
    --disable-ares --disable-threaded-resolver --disable-pthreads --disable-rt --disable-socketpair --disable-manual
    --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet
    --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt
    --disable-ipfs --disable-websockets --disable-libcurl-option --disable-cookies --disable-ntlm --disable-ntlm-wb
    --disable-kerberos-auth --disable-negotiate-auth --disable-tls-srp --disable-unix-sockets --disable-doh
    --disable-form-api --disable-dateparse --disable-netrc --disable-progress-meter --disable-dnsshuffle
    --disable-get-easy-options --disable-alt-svc --disable-headers-api --disable-hsts --disable-docs
    --without-zlib --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-nghttp2
    --without-libssh2 --without-librtmp --without-ca-bundle --without-ca-path'

# What speaks TLS 1.2 and 1.3 as a client, with the algorithms that AWS has.
OPENSSL_SMALL='no-shared no-tests no-dso no-engine no-async no-comp no-legacy no-ssl3 no-tls1 no-tls1_1 no-dtls no-srp
    no-psk no-srtp no-gost no-cms no-ts no-ct no-ocsp no-rfc3779 no-nextprotoneg no-ui-console no-afalgeng no-ktls
    no-idea no-seed no-aria no-camellia no-bf no-cast no-des no-rc2 no-rc4 no-md4 no-mdc2 no-rmd160 no-whirlpool
    no-sm2 no-sm3 no-sm4 no-siphash no-blake2 no-dsa no-ec2m no-scrypt no-cmp no-autoload-config no-module
    no-secure-memory no-capieng no-devcryptoeng no-fips no-makedepend no-weak-ssl-ciphers'

dependency_flags() { # dependency_flags NAME: the flags that everything but musl is compiled with
    echo "$SIZE_FLAGS -ffile-prefix-map=$SOURCE=$1-$VERSION -ffile-prefix-map=$into=."
}

compile_into() { # compile_into LIBRARY FOLDER FILE...: a library from files that need no configuration
    library=$1 folder=$2
    shift 2
    objects=
    for file in "$@"; do
        object=$into/build/$(basename "$file" .c).o
        # shellcheck disable=SC2046 # flags are words
        logged "$library" "$cc" -O2 $(dependency_flags "$library") -c "$SOURCE/$file" -o "$object" ||
            fail_log "$library: $file cannot be compiled"
        objects="$objects $object"
    done
    mkdir -p "$into/lib" "$into/include/$folder"
    # shellcheck disable=SC2086 # words
    tool ar rcsD "$into/lib/$library.a" $objects
}

make_zlib() { # recipe
    compile_into libz . adler32.c compress.c crc32.c deflate.c infback.c inffast.c inflate.c inftrees.c trees.c \
        uncompr.c zutil.c
    cp "$SOURCE/zlib.h" "$SOURCE/zconf.h" "$into/include/"
}

make_cjson() { # recipe
    compile_into libcjson cjson cJSON.c
    cp "$SOURCE/cJSON.h" "$into/include/cjson/"
}

make_openssl() { # recipe
    options=$OPENSSL_SMALL
    grep -q '"quic"' "$SOURCE/Configure" && options="$options no-quic" # since 3.2
    # OpenSSL keeps the compiler's name and flags, and the time, as a text: the flags with our folders go into a compiler
    # that has no folder in its name.
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$cc" "$(dependency_flags openssl)" >"$into/build/static-cc"
    chmod +x "$into/build/static-cc"
    (
        PATH=$into/build:$PATH
        SOURCE_DATE_EPOCH=315532800
        export PATH SOURCE_DATE_EPOCH
        # shellcheck disable=SC2086 # options are words
        cd "$into/build" && logged openssl-configure perl "$SOURCE/Configure" "linux-$gnu" $options \
            --prefix=/ --libdir=lib --openssldir=/etc/pki/tls CC=static-cc AR="${binutils}ar" \
            RANLIB="${binutils}ranlib" -O2 &&
            logged openssl-make make -j"$jobs" build_libs &&
            mkdir -p "$into/lib" "$into/include" &&
            cp libssl.a libcrypto.a "$into/lib/" &&
            cp -r "$SOURCE/include/openssl" "$into/include/" &&
            cp include/openssl/*.h "$into/include/openssl/"
    ) || fail_log "OpenSSL cannot be built"
}

# The distribution's patches are newer than the generated files; those are up to date all the same.
UP_TO_DATE='ACLOCAL=: AUTOCONF=: AUTOMAKE=: AUTOHEADER=:'

# Configured so that texts of errors stay, it is then compiled without those that CURLOPT_VERBOSE prints; errors have
# theirs in strerror.c.
make_curl() { # recipe
    (
        # As when cross compiling: a program made here need not run here.
        # shellcheck disable=SC2046,SC2086 # flags are words
        cd "$into/build" && logged curl-configure sh "$SOURCE/configure" CONFIG_SHELL=/bin/sh --prefix=/ \
            --host="$gnu-linux-musl" CC="$cc" AR="${binutils}ar" RANLIB="${binutils}ranlib" NM="${binutils}nm" \
            STRIP="${binutils}strip" PKG_CONFIG=false \
            CFLAGS="-Os $(dependency_flags curl)" $CURL_OPTIONS --with-openssl="$openssl" &&
            logged curl-errors make -C lib $UP_TO_DATE libcurl_la-strerror.lo &&
            logged curl-make make -C lib -j"$jobs" $UP_TO_DATE libcurl.la \
                CPPFLAGS="$(sed -n 's/^CPPFLAGS = //p' lib/Makefile) -DCURL_DISABLE_VERBOSE_STRINGS" &&
            mkdir -p "$into/lib" "$into/include/curl" &&
            cp lib/.libs/libcurl.a "$into/lib/" &&
            cp "$SOURCE"/include/curl/*.h "$into/include/curl/"
    ) || fail_log "libcurl cannot be built"
}

depends_on() { # depends_on NAME KEY-TEXT RECIPE LIBRARY: build, and add to what is compiled and linked with
    source_find "$1"
    note_component "$1"
    cached "$1-$VERSION" "$DIGEST $(basename "$musl") $SIZE_FLAGS $2" "$3"
    include_flags="-I$built/include $include_flags"
    library_flags="-L$built/lib $library_flags"
    libraries="$4 $libraries"
}

depends_build() {
    include_flags='' library_flags='' libraries=''
    depends_on zlib '' make_zlib -lz
    depends_on cjson '' make_cjson -lcjson
    source_find curl
    include_flags="$include_flags -I$SOURCE/include"
}

depends_tls() { # after depends_build
    depends_on openssl "$OPENSSL_SMALL" make_openssl '-lssl -lcrypto'
    openssl=$built
    depends_on curl "$CURL_OPTIONS $(basename "$openssl")" make_curl -lcurl
}
