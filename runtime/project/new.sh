#!/bin/sh
# new.sh NAME [DIR]: writes a project for a handler called NAME into the folder DIR, which must not exist. `make new` runs
# it. The files come from template/, with @NAME@, @TITLE@ (NAME as resources are called) and @DDBSTREAM@ (this clone).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
name=${1:-}
dir=${2:-$root/../$name}

refuse() {
    printf 'make new: %s\n' "$1" >&2
    exit 2
}
case $name in
'') refuse 'NAME is missing: make new NAME=orders [DIR=../orders]' ;;
*[!a-z0-9_]* | [!a-z]*) refuse "NAME=$name: a letter, then letters, digits and _, all small: it becomes a name in C" ;;
main | test) refuse "NAME=$name: a file of that name is there already" ;;
placed | removed | item_schema | check | failures) refuse "NAME=$name: the first handler has that name" ;;
auto | break | case | char | const | continue | default | do | double | else | enum | extern | float | for | goto | if | \
    inline | int | long | register | restrict | return | short | signed | sizeof | static | struct | switch | typedef | \
    union | unsigned | void | volatile | while) refuse "NAME=$name: a word of C" ;;
esac
[ ! -e "$dir" ] || refuse "$dir exists"
case $root in
*[\ \|\&\\]*) refuse "$root: a path that make and sed cannot take" ;;
esac

title=$(printf '%s' "$name" | awk -F_ '{ for (i = 1; i <= NF; i++) printf "%s%s", toupper(substr($i, 1, 1)), substr($i, 2) }')
guard=$(printf '%s' "$name" | tr a-z A-Z)
mkdir -p "$dir"
for file in "$root"/runtime/project/template/*.in; do
    to=$(basename "$file" .in | sed "s/NAME/$name/")
    sed -e "s|@NAME@|$name|g" -e "s|@TITLE@|$title|g" -e "s|@GUARD@|$guard|g" -e "s|@DDBSTREAM@|$root|g" "$file" \
        >"$dir/$to"
done
printf '/build/\n' >"$dir/.gitignore"
printf '  %s: cd %s && make test\n' "$name" "$dir"
