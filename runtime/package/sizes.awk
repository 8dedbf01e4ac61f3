# sizes.awk: from the map of a link to lines of "bytes module": how much of what is loaded each library, and each part of
# the handler, brought along. The linker lists what it kept as " .text.name  0xaddress  0xsize  file"; a long name has a
# line of its own. mawk has no strtonum().

function number(text,    i, value) {
    text = tolower(text)
    for (i = 3; i <= length(text); i++)
        value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
    return value
}

function module(file) {
    if (file ~ /libddbstream\.a\(/)
        return "ddbstream"
    if (match(file, /lib[a-z_]+\.a\(/))
        return substr(file, RSTART, RLENGTH - 1)
    if (file ~ /crt|relro/)
        return "start"
    sub(/.*\//, "", file)
    sub(/-[0-9a-f]*\.o$/, ".o", file)
    if (file ~ /^cc[A-Za-z0-9]*\.o$/) # the compiler's own name for one that it forgets at once
        file = "handler"
    return file
}

/^Linker script and memory map/ { kept = 1 }
!kept { next }
/^ [.*]/ && NF == 1 { section = $1; next }
/^ \.[a-z]/ && NF >= 4 { section = $1; size = $3; file = $4 }
/^ +0x/ && NF >= 3 && $2 ~ /^0x/ { size = $2; file = $3 }
file != "" && section ~ /^\.(text|rodata|data|bss|init|fini|eh_frame|tdata|tbss|COMMON)/ {
    if (section !~ /^\.(bss|tbss)/)
        bytes[module(file)] += number(size)
}
{ file = "" }
END {
    for (name in bytes)
        if (bytes[name] > 0)
            print bytes[name], name
}
