# smoke.sh: the finished program in an empty root folder answers one invocation. Read by package.sh.
#
# Empty: no loader, no library, no /proc, no /etc. What needs any of these fails here and not on Lambda.
# shellcheck shell=sh

enter() { # enter COMMAND...: prints the words that run a command with $work/root as its root folder
    if [ "$(id -u)" = 0 ]; then
        echo "chroot $work/root $*"
    else
        echo "unshare -rR $work/root $*"
    fi
}

# The program of another architecture runs under qemu, which is static too and called by name: whether the kernel would
# find it by itself depends on the machine.
smoke_command() {
    if [ "$arch" = "$(machine_arch)" ]; then
        enter /bootstrap
    else
        cp "$(command -v "qemu-$gnu-static")" "$work/root/emulator" || fail "qemu-$gnu-static is not installed"
        enter /emulator /bootstrap
    fi
}

smoke_url() { # the Invoke URL that serve prints, waited for
    for _ in $(seq 100); do
        url=$(sed -n 's/.*\(http:[^ ]*\/invocations\).*/\1/p' "$work/serve.log" | head -n 1)
        [ -n "$url" ] && return
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

smoke_test() {
    mkdir "$work/root"
    : >"$work/serve.log"
    cp "$work/bootstrap" "$work/root/bootstrap"
    [ -n "$event" ] && cp "$event" "$work/event" || echo '{"Records":[]}' >"$work/event"
    # Variables that name this machine's files of certificates would name nothing in there.
    # shellcheck disable=SC2046,SC2086 # words
    env -u AWS_CA_BUNDLE -u SSL_CERT_FILE "$root/build/ddbstream" serve --timeout 30 $smoke_env -- $(smoke_command) >"$work/serve.log" 2>&1 &
    serve=$!
    if smoke_url "$serve" && "$pack" invoke "$url" "$work/event" >"$work/answer" 2>>"$work/serve.log"; then
        kill "$serve" && wait "$serve" || true
        rm -rf "$work/root"
        return
    fi
    kill "$serve" 2>/dev/null && wait "$serve" || true
    cat "$work/serve.log" "$work/answer" >&2 2>/dev/null || true
    refuse "$name for $arch is not packaged: in an empty root folder it did not answer an event without an error \
(the lines above). A handler that needs variables to start gets them with --env"
}
