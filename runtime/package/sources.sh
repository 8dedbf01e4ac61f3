# sources.sh: where the sources of musl, zlib, cJSON, libcurl and OpenSSL come from. Read by package.sh.
#
# On Debian and Ubuntu: the distribution's own source packages, which carry its security patches, through an apt state of
# our own below the cache; nothing of the system's is edited, and no name of a server is written here: they are those of
# the system's own binary packages. Elsewhere: release tarballs from the folder that --sources names, each checked against
# tarballs.sha256.
#
# source_find NAME sets VERSION, SOURCE (the unpacked folder), PURL and DIGEST (sha256 of what was unpacked).
# shellcheck shell=sh

# ---- The distribution's source packages ----

apt_own() { # apt_own COMMAND ARGUMENT...: an apt command with a state of our own
    command=$1
    shift
    "$command" -o Dir::Etc::SourceList="$cache/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State="$cache/apt/state" -o Dir::Cache="$cache/apt/cache" -o APT::Sandbox::User=root \
        -o Acquire::Retries=3 "$@"
}

keyring() { # the distribution's own keys, for releases that keep them out of trusted.gpg.d
    for file in "/usr/share/keyrings/$1-archive-keyring.gpg" "/usr/share/keyrings/$1-archive-keyring.pgp"; do
        [ -f "$file" ] && printf '[signed-by=%s] ' "$file" && return
    done
}

# One deb-src line for each place that the distribution's binary packages come from. Backports carry no security support.
apt_lines() {
    distribution=$(. /etc/os-release && echo "$ID")
    key=$(keyring "$distribution")
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
        awk -v key="$key" -v distribution="$distribution" '
            $2 ~ /-backports/ || seen[$1 " " $2 " " $3]++ { next }
            NF == 4 && tolower($4) != distribution && $4 !~ /^\$/ { next }
            { print "deb-src " key $1, $2, $3 }'
}

# An index that cannot be fetched is no error yet: what counts is that every source is found.
apt_update() {
    mkdir -p "$cache/apt/state/lists/partial" "$cache/apt/cache/archives/partial" "$cache/download"
    apt_lines >"$cache/apt/sources.new"
    if cmp -s "$cache/apt/sources.new" "$cache/apt/sources.list" &&
        [ -n "$(find "$cache/apt/updated" -mmin -1440 2>/dev/null)" ]; then
        return
    fi
    mv "$cache/apt/sources.new" "$cache/apt/sources.list"
    [ -s "$cache/apt/sources.list" ] || fail "apt knows no source of packages; give a folder of tarballs with --sources"
    logged apt-update apt_own apt-get update || warn "not every source index could be fetched (see $log)"
    rm -rf "$cache/apt/absent"
    touch "$cache/apt/updated"
}

apt_versions() { # the versions that the index names, the newest first
    apt_own apt-cache showsrc "$1" 2>/dev/null | awk -v name="$1" '
        /^Package:/ { wanted = $2 == name } /^Version:/ && wanted && !seen[$2]++ { print $2 }' | sort -rV
}

apt_download() { # apt_download NAME VERSION; false: it is not there
    mkdir -p "$cache/download/$1-$2.new"
    (cd "$cache/download/$1-$2.new" && logged "download-$1" apt_own apt-get source -qq --download-only "$1=$2") ||
        return 1
    mv "$cache/download/$1-$2.new" "$cache/download/$1-$2"
}

apt_unpack() { # apt_unpack NAME VERSION
    rm -rf "$cache/source/$1-$2" "$cache/source/$1-$2.new"
    mkdir -p "$cache/source"
    # apt has checked signature and digests; dpkg-source applies the patches.
    logged "unpack-$1" dpkg-source --no-check --no-copy -x "$cache/download/$1-$2"/*.dsc "$cache/source/$1-$2.new" ||
        fail "the source package $1 $2 cannot be unpacked"
    mv "$cache/source/$1-$2.new" "$cache/source/$1-$2"
}

# An index can name a version that the server does not have (any more, or yet): then the next one is taken.
apt_find() { # apt_find NAME
    for VERSION in $(apt_versions "$1"); do
        SOURCE=$cache/source/$1-$VERSION
        [ -d "$SOURCE" ] && return
        [ -e "$cache/apt/absent/$1-$VERSION" ] && continue
        rm -rf "$cache/download/$1-$VERSION.new"
        if [ -d "$cache/download/$1-$VERSION" ] || apt_download "$1" "$VERSION"; then
            apt_unpack "$1" "$VERSION"
            return
        fi
        warn "the index names $1 $VERSION, but it is not there; trying the next version"
        mkdir -p "$cache/apt/absent" && touch "$cache/apt/absent/$1-$VERSION"
    done
    fail "no source package of $1 could be fetched; give a folder of tarballs with --sources"
}

apt_describe() { # apt_describe NAME
    distribution=$(. /etc/os-release && echo "$ID")
    PURL=pkg:deb/$distribution/$1@$(printf '%s' "$VERSION" | sed 's/+/%2B/g; s/:/%3A/g; s/~/%7E/g')?arch=source
    DIGEST=$(digest_of "$cache/download/$1-$VERSION"/*.dsc)
}

# ---- Tarballs ----

tarball_find() { # tarball_find NAME: the first of its pinned files that is in the folder
    while read -r digest file; do
        [ -f "$sources/$file" ] || continue
        [ "$(digest_of "$sources/$file")" = "$digest" ] || fail "$sources/$file is not the file that is pinned in \
runtime/package/tarballs.sha256: its sha256 differs"
        VERSION=$(printf '%s' "$file" | sed "s/^$1-//; s/\.tar\..*//")
        SOURCE=$cache/source/$1-$VERSION-tarball
        PURL=pkg:generic/$1@$VERSION
        DIGEST=$digest
        [ -d "$SOURCE" ] || tarball_unpack "$sources/$file" "$SOURCE"
        return
    done <<EOF
$(grep "  $1-[0-9]" "$package/tarballs.sha256")
EOF
    fail "no tarball of $1 in $sources; wanted one of: \
$(sed -n "s/^[0-9a-f]*  \($1-[0-9].*\)/\1/p" "$package/tarballs.sha256" | tr '\n' ' ')"
}

tarball_unpack() { # tarball_unpack FILE FOLDER
    rm -rf "$2.new"
    mkdir -p "$2.new"
    tar -xf "$1" -C "$2.new" --strip-components=1 || fail "$1 cannot be unpacked"
    mv "$2.new" "$2"
}

# ---- Either ----

sources_prepare() {
    [ -n "$sources" ] && return
    command -v apt-get >/dev/null && command -v dpkg-source >/dev/null ||
        fail "this machine has no apt source packages; give a folder of release tarballs with --sources"
    apt_update
}

# One at a time: two architectures, or two calls of package.sh, may want the same source at once.
source_find() { # source_find NAME
    exec 9>"$cache/source.lock"
    flock 9
    if [ -n "$sources" ]; then
        tarball_find "$1"
    else
        apt_find "$1"
        apt_describe "$1"
    fi
    exec 9>&-
}
