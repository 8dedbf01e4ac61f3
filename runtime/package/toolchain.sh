# toolchain.sh: a compiler for one architecture that makes static, position-independent programs with musl. Read by
# package.sh.
#
# musl's own wrapper, musl-gcc, knows no -static-pie: given that, it links a dynamic program without a word. So the linker
# is told in a specs file of ours what a static program that can lie at any address is made of.
#
# toolchain_use ARCH sets arch, compiler, binutils (their prefix) and here (the cache of this architecture).
# shellcheck shell=sh

# One section for each function and object, so that the linker keeps only what is called. Unwinding tables would be loaded
# and never read: a crash report walks along frame pointers. Paths and switches in debugging data would make the build id
# depend on the folder.
SIZE_FLAGS='-g -fPIE -ffunction-sections -fdata-sections -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables -gno-record-gcc-switches'

machine_arch() { # the name that Lambda has for a machine's processor
    case $(uname -m) in
    x86_64) echo x86_64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) fail "Lambda has no $(uname -m) processors; choose one with --arch" ;;
    esac
}

gnu_name() { # gnu_name ARCH
    case $1 in
    x86_64) echo x86_64 ;;
    arm64) echo aarch64 ;;
    esac
}

compiler_for() { # compiler_for ARCH: the native one, or Debian's cross compiler
    if [ "$1" = "$(machine_arch)" ]; then
        echo "${HOSTCC:-gcc}"
    else
        echo "$(gnu_name "$1")-linux-gnu-gcc"
    fi
}

toolchain_use() { # toolchain_use ARCH
    arch=$1
    gnu=$(gnu_name "$arch")
    compiler=$(compiler_for "$arch")
    binutils=
    [ "$arch" = "$(machine_arch)" ] || binutils=$gnu-linux-gnu-
    here=$cache/$arch
    mkdir -p "$here"
    command -v "$compiler" >/dev/null || fail "$compiler is not installed; \`sh .ci/deps package-$arch\` does that"
    compiler_version=$("$compiler" -dumpfullversion -dumpversion)-$("$compiler" -dumpmachine)
}

tool() { # tool NAME ARGUMENT...: strip, objcopy, nm of this architecture
    tool=$binutils$1
    shift
    "$tool" "$@"
}

# ---- The cache ----

recipe_text() { # recipe_text FUNCTION...: what they are written as
    for function in "$@"; do
        sed -n "/^$function() /,/^}/p" "$package/toolchain.sh" "$package/depends.sh"
    done
}

# Sets built: the folder $here/NAME-<digest of KEY, of the compiler and of the recipe's own text>.
cache_name() { # cache_name NAME KEY RECIPE
    built=$here/$(echo "$1" | tr ':~' __)-$({
        echo "$2 $compiler_version"
        recipe_text "$3" dependency_flags compile_into
        cat "$package/relro.c"
    } | sha256sum | cut -c1-12)
}

# cached NAME KEY RECIPE: the folder that cache_name names is made by the function RECIPE, once for each key. A recipe
# fills the folder $into; its name appears only when it is complete, so that an interrupted build leaves nothing behind.
# Sets built.
cached() {
    cache_name "$@"
    [ -f "$built/complete" ] && return
    started=$(date +%s)
    into=$built.making
    rm -rf "$built" "$into"
    mkdir -p "$into/build"
    "$3"
    rm -rf "$into/build"
    touch "$into/complete"
    mv "$into" "$built"
    say "$1 built in $(($(date +%s) - started)) s"
}

# ---- musl and the compiler around it ----

write_specs() { # write_specs PREFIX: what to compile against and to link with; an empty line ends each of them
    cat <<END
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem $1/include -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem $1/include -isystem include%s

*link_libgcc:
-L$1/lib -L .%s

*libgcc:
libgcc.a%s

*startfile:
$1/lib/rcrt1.o $1/lib/crti.o $1/lib/relro.o crtbeginS.o%s

*endfile:
crtendS.o%s $1/lib/crtn.o

*link:
-static -pie --no-dynamic-linker -z text -z relro -z now -z noexecstack --build-id=sha1 --gc-sections -nostdlib

*esp_link:


*esp_options:


*esp_cpp_options:


END
}

make_musl() { # recipe
    (
        # Without an -O of ours musl takes -Os, and -O3 for the parts that are named here.
        cd "$into/build" && logged musl-configure "$SOURCE/configure" --prefix=/ --disable-shared --disable-wrapper \
            --enable-optimize=string,malloc --target="$gnu-linux-musl" CC="$compiler" AR="${binutils}ar" RANLIB="${binutils}ranlib" \
            CFLAGS="$SIZE_FLAGS -ffile-prefix-map=$SOURCE=musl-$VERSION -ffile-prefix-map=$into=." &&
            logged musl-make make -j"$jobs" AR="${binutils}ar" RANLIB="${binutils}ranlib" &&
            logged musl-install make install-libs install-headers DESTDIR="$into"
    ) || fail_log "musl cannot be built"
    # shellcheck disable=SC2086 # flags are words
    (cd "$package" && "$compiler" -std=c11 -Os $SIZE_FLAGS -ffile-prefix-map="$into"=. -ffile-prefix-map="$package"=package \
        -nostdinc -isystem "$into/include" -isystem "$("$compiler" -print-file-name=include)" \
        -c relro.c -o "$into/lib/relro.o") || fail "runtime/package/relro.c cannot be compiled"
}

# Written each time: the compiler knows the folder that it is in, and a cache that was copied with the tree (`sam build`
# does that) has another. Two calls of package.sh may be at it at once.
write_compiler() {
    mkdir -p "$musl/bin"
    write_specs "$musl" >"$musl/lib/static.specs.$$"
    mv "$musl/lib/static.specs.$$" "$musl/lib/static.specs"
    printf '#!/bin/sh\nexec %s -fPIE -ffile-prefix-map=%s=. "$@" -specs %s\n' "$compiler" "$here" \
        "$musl/lib/static.specs" >"$cc.$$"
    chmod +x "$cc.$$"
    mv "$cc.$$" "$cc"
}

toolchain_build() { # sets musl (its folder) and cc
    source_find musl
    note_component musl
    cached "musl-$VERSION" "$DIGEST $SIZE_FLAGS" make_musl
    musl=$built
    cc=$musl/bin/cc
    write_compiler
}
