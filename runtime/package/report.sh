# report.sh: what is in a package: the list of components for tools (CycloneDX), the table of sizes for people. Read by
# package.sh.
# shellcheck shell=sh

note_component() { # note_component NAME: after source_find
    components="$components$1	$VERSION	$PURL	$DIGEST
"
}

is_linked() { # is_linked NAME: does the map of the link name a member of its library?
    case $1 in
    musl) return 0 ;;
    zlib) grep -q 'libz\.a(' "$work/map" ;;
    openssl) grep -q 'libcrypto\.a(' "$work/map" ;;
    *) grep -q "lib$1\.a(" "$work/map" ;;
    esac
}

linked_components() { # the lines of $components whose code is in the program
    printf '%s' "$components" | sort -u | while IFS='	' read -r component version purl digest; do
        if is_linked "$component"; then
            printf '%s\t%s\t%s\t%s\n' "$component" "$version" "$purl" "$digest"
        fi
    done
}

library_version() {
    sed -n 's/^#define DDBS_VERSION  *"\(.*\)"/\1/p' "$root/include/ddbstream/base.h"
}

# CycloneDX 1.5. No serial number and no time of the clock: the same program has the same list.
write_sbom() {
    cat <<END
{
  "bomFormat": "CycloneDX",
  "specVersion": "1.5",
  "version": 1,
  "metadata": {
    "component": {
      "type": "application", "name": "$name", "bom-ref": "$name",
      "hashes": [{ "alg": "SHA-256", "content": "$(digest_of "$work/bootstrap")" }],
      "properties": [
        { "name": "ddbstream:architecture", "value": "$arch" },
        { "name": "ddbstream:runtime", "value": "$runtime" },
        { "name": "ddbstream:build-id", "value": "$("$pack" id "$work/bootstrap")" },
        { "name": "ddbstream:compiler", "value": "$compiler_version" }
      ]
    }
  },
  "components": [
    { "type": "library", "name": "ddbstream", "version": "$(library_version)", "scope": "required",
      "licenses": [{ "license": { "id": "Apache-2.0" } }] }$(linked_components | sbom_lines)
  ]
}
END
}

sbom_lines() {
    while IFS='	' read -r component version purl digest; do
        printf ',\n    { "type": "library", "name": "%s", "version": "%s", "scope": "required", "purl": "%s",\n' \
            "$component" "$version" "$purl"
        printf '      "hashes": [{ "alg": "SHA-256", "content": "%s" }] }' "$digest"
    done
}

# One block per architecture, written at once: two may be at work side by side.
report() {
    {
        echo
        echo "$name-$arch.zip  $runtime, $transport"
        echo "  zipped $(wc -c <"$work/zip") bytes, unpacked $(wc -c <"$work/bootstrap")"
        echo "  build id $("$pack" id "$work/bootstrap")"
        echo "  sha256   $(digest_of "$work/zip")"
        echo "  bytes of code and data by module:"
        awk -f "$package/sizes.awk" "$work/map" | sort -rn | awk '{ printf "  %9d  %s\n", $1, $2 }'
        linked_components | awk -F '	' '{ printf "  with %s %s\n", $1, $2 }'
    } >"$work/report"
    cat "$work/report"
}
