#!/bin/sh
# command.sh DDBSTREAM VERSION DIR: man pages of the command in DIR/man1, from what the command itself says with --help.
set -eu
ddbstream=$1 version=$2 out=$3/man1

escaped() {
    sed "s/\\\\/\\\\e/g; s/-/\\\\-/g; s/^[.']/\\\\\&&/"
}
commands() {
    "$ddbstream" --help | sed -n '/^Example/q; s/^  \([a-z][a-z]*\)  *[a-z].*/\1/p'
}
about() { # about COMMAND: the line of the list that is about it
    "$ddbstream" --help | sed -n "/^Example/q; s/^  $1  *//p"
}
page() { # page TITLE WHAT HELP-COMMAND...
    title=$1 what=$2
    shift 2
    printf '.TH %s 1 "" "ddbstream %s" "ddbstream"\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n' "$title" "$version" "$title" "$what"
    "$@" | sed -n '1s/^usage: //p' | escaped
    printf '.SH DESCRIPTION\n.nf\n'
    "$@" | sed 1,2d | escaped
    printf '.fi\n.SH SEE ALSO\n'
}

{
    page ddbstream 'AWS Lambda and DynamoDB streams on this machine' "$ddbstream" --help
    for command in $(commands); do
        echo ".BR ddbstream\\-$command (1),"
    done
    echo '.BR ddbstream\-lambda (7)'
} >"$out/ddbstream.1"
for command in $(commands); do
    {
        page "ddbstream-$command" "$(about "$command")" "$ddbstream" "$command" --help
        echo '.BR ddbstream (1)'
    } >"$out/ddbstream-$command.1"
done
