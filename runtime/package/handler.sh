# handler.sh: a handler's sources become a checked zip. Read by package.sh.
# shellcheck shell=sh

# ---- Which handlers ----

stem() { # stem PATH: a name for files, from the last part of a path
    name=$(basename "$1" .c)
    case $name in *[!A-Za-z0-9._-]*) fail "\"$name\" cannot name a function: letters, digits, dots, - and _ can" ;; esac
    echo "$name"
}

first_stem() { # first_stem FILE...
    stem "$1"
}

# Lines of NAME, a tab, and "files FILE...", "folder DIR" or "make DIR TARGET", in $cache/handlers. Paths are absolute.
handlers() { # handlers HANDLER...
    files=
    : >"$cache/handlers.new"
    for handler in "$@"; do
        case $handler in *[[:space:]]*) fail "\"$handler\": a path with spaces cannot be packaged" ;; esac
        if [ -d "$handler" ]; then
            folder=$(cd "$handler" && pwd)
            echo "$(stem "$folder")	folder $folder" >>"$cache/handlers.new"
        elif [ -f "$handler" ]; then
            case $handler in *.c) ;; *) fail "$handler is no folder and no *.c file" ;; esac
            files="$files $(cd "$(dirname "$handler")" && pwd)/$(basename "$handler")"
        elif [ -d "${handler%:*}" ] && [ "$handler" != "${handler%:*}" ]; then
            echo "$(stem "${handler##*:}")	make $(cd "${handler%:*}" && pwd) ${handler##*:}" >>"$cache/handlers.new"
        else
            fail "there is no $handler"
        fi
    done
    # shellcheck disable=SC2086 # words
    [ -z "$files" ] || printf '%s\tfiles%s\n' "$(first_stem $files)" "$files" >>"$cache/handlers.new"
    mv "$cache/handlers.new" "$cache/handlers"
}

# ---- Compiling and linking ----

# The library in this architecture's flags, by the Makefile's own rules.
library_build() {
    logged "library" make -C "$root" -j"$jobs" V="static-$arch" CC="$cc" AR="${binutils}ar" \
        CFLAGS="-O2 $SIZE_FLAGS -ffile-prefix-map=$root=ddbstream $include_flags" COLD=-Os \
        "build/static-$arch/libddbstream.a" || fail_log 'the library cannot be compiled'
    library=$root/build/static-$arch/libddbstream.a
}

compile() { # compile FILE FOLDER: FOLDER is called "." in debugging data; prints the object
    object=$work/$(basename "$1" .c)-$(printf '%s' "$1" | sha256sum | cut -c1-8).o
    # In its folder, whose name the debugging data then does not have.
    # shellcheck disable=SC2086 # flags are words
    (cd "$2" && "$cc" -std=gnu11 -Wall -O2 $SIZE_FLAGS -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
        -ffile-prefix-map="$root"=ddbstream -ffile-prefix-map="$2"=. -I"$root/include" $include_flags \
        ${CFLAGS:-} -c "$1" -o "$object") || fail "$1 cannot be compiled"
    echo "$object"
}

link_objects() { # link_objects OBJECT...
    # shellcheck disable=SC2086 # flags are words
    "$cc" -o "$work/program" "$@" "$library" $library_flags $libraries $link_flags -Wl,-Map="$work/map" ||
        fail "$name cannot be linked"
}

link_files() { # link_files FOLDER FILE...
    folder=$1
    shift
    objects=
    for file in "$@"; do
        objects="$objects $(compile "$file" "$folder")"
    done
    # shellcheck disable=SC2086 # words
    link_objects $objects
}

link_folder() { # link_folder DIR
    list=$(find "$1" -maxdepth 1 -name '*.c' ! -name 'test_*.c' ! -name '*_test.c' | sort)
    [ -n "$list" ] || fail "$1 has no *.c files"
    # shellcheck disable=SC2086 # words
    link_files "$1" $list
}

link_make() { # link_make DIR TARGET: whatever the target needs, its Makefile knows; it is made anew, in its folder
    rm -f "$1/$2"
    logged "make-$name" make -C "$1" "$2" CC="$cc" AR="${binutils}ar" \
        CFLAGS="-O2 $SIZE_FLAGS -ffile-prefix-map=$root=ddbstream -ffile-prefix-map=$1=. -I$root/include \
$include_flags ${CFLAGS:-}" \
        LDFLAGS="$link_flags -Wl,-Map=$work/map" LDLIBS="$library $library_flags $libraries" || fail_log "make $2 failed in $1"
    [ -f "$1/$2" ] || fail "make $2 in $1 made no file $1/$2"
    mv "$1/$2" "$work/program"
}

link_what() { # link_what files|folder|make ARGUMENT...
    case $1 in
    files) shift && link_files "$(dirname "$1")" "$@" ;;
    folder) link_folder "$2" ;;
    make) link_make "$2" "$3" ;;
    esac
}

unresolved() { # the names that the program refers to and nothing defines
    tool nm --undefined-only "$work/program" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u
}

# First without libcurl, which few handlers need, and without a word about what is missing then. Nothing: that was it.
# Functions of libcurl, whoever calls them: again, with libcurl and OpenSSL. Anything else would be missing there, too.
link_program() { # link_program WHAT...
    if [ -z "$tls" ]; then
        transport='HTTP only'
        link_flags=-Wl,--unresolved-symbols=ignore-all
        link_what "$@"
        missing=$(unresolved)
        others=$(echo "$missing" | sed '/^curl_/d')
        [ -z "$others" ] || fail "$name cannot be linked; nothing defines $(echo "$others" | paste -sd ' ')"
        [ -n "$missing" ] || return 0
    fi
    transport='HTTP and TLS'
    link_flags=
    depends_tls
    link_what "$@"
}

# ---- From the program to the zip ----

split_program() { # symbols to one file, the rest to another; the build id is in both
    tool objcopy --only-keep-debug "$work/program" "$work/debug" 2>/dev/null &&
        tool objcopy --strip-all --remove-section=.comment "$work/program" "$work/bootstrap" 2>/dev/null &&
        chmod 0755 "$work/bootstrap" && chmod 0644 "$work/debug" && return
    cp "$work/program" "$work/bootstrap" # the checks say what it is instead
}

check_program() { # check_program FOLDER
    "$pack" check --arch "$arch" --forbid "$root" --forbid "$cache" --forbid "$1" "$work/bootstrap" ||
        refuse "$name for $arch is not packaged: a check failed (the lines above)"
}

write_zip() {
    "$pack" zip "$work/bootstrap" "$work/zip" || fail "$name: the zip cannot be written"
    "$pack" verify "$work/zip" "$work/bootstrap" || refuse "$name: the zip that was written is not what was meant"
}

place() { # all files of a package appear together, and last the zip
    chmod 0644 "$work/zip" "$work/sbom"
    mv "$work/debug" "$out/$name-$arch.debug"
    mv "$work/sbom" "$out/$name-$arch.cdx.json"
    mv "$work/zip" "$out/$name-$arch.zip"
    [ -z "$artifacts" ] || mv "$work/bootstrap" "$artifacts/bootstrap"
}

package_handler() { # package_handler NAME WHAT: in a shell of its own, see for_each_arch
    name=$1
    pack=$root/build/package/pack
    components=
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    toolchain_build
    depends_build
    library_build
    # shellcheck disable=SC2086 # words
    set -- $2
    link_program "$@"
    split_program
    case $1 in files) check_program "$(dirname "$2")" ;; *) check_program "$2" ;; esac
    smoke_test
    write_zip
    write_sbom >"$work/sbom"
    report
    place
}
