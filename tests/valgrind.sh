#!/bin/sh
# Makes a folder of the same programs that run under valgrind: tests/valgrind.sh FROM TO PROGRAM...
# An error or a leak ends a program with status 97, which no test takes for an answer.
set -eu
from=$1 to=$2
shift 2
for program; do
    wrapper=$to/${program#"$from"/}
    mkdir -p "$(dirname "$wrapper")"
    cat >"$wrapper" <<END
#!/bin/sh
exec valgrind -q --error-exitcode=97 --leak-check=full --show-leak-kinds=definite,indirect \\
    --errors-for-leak-kinds=definite,indirect --suppressions="$PWD/tests/valgrind.supp" "$PWD/$program" "\$@"
END
    chmod +x "$wrapper"
done
