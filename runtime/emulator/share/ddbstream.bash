# ddbstream.bash: completion for bash. Commands and options are those that the installed ddbstream names in its --help.
# shellcheck shell=bash

_ddbstream() {
    local word=${COMP_WORDS[COMP_CWORD]} commands
    local program=${COMP_WORDS[0]}
    commands=$("$program" --help 2>/dev/null | sed -n '/^Example/q; s/^  \([a-z][a-z]*\)  *[a-z].*/\1/p')
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands help --help --version" -- "$word")
    elif [ "${COMP_WORDS[1]}" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
            grep -oE -- '(^|[[ |])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u) --help" -- "$word")
    fi
}
complete -o default -F _ddbstream ddbstream
