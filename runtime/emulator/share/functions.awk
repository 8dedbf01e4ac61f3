# functions.awk: man pages from the public headers, which are the manual: one page in section 3 for every documented
# function (those that share a comment share a page), one in section 7 for each header's opening comment.
#
#   awk -v out=DIR -v version=0.1.0 -f functions.awk include/ddbstream/*.h

function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/)
        text = "\\\\&" text
    return text
}

# Text fills the line, what is indented keeps its lines.
function text_of(lines, from, to, page,    i, kept) {
    for (i = from; i <= to; i++) {
        if (lines[i] ~ /^ *$/) {
            print kept ? "" : ".PP" > page
            continue
        }
        if ((lines[i] ~ /^   /) != kept) {
            kept = !kept
            print kept ? ".RS 4\n.nf" : ".fi\n.RE" > page
        }
        print escaped(kept ? lines[i] : lines[i]) > page
    }
    if (kept)
        print ".fi\n.RE" > page
}

# "The integer that `num` denotes. More." becomes "the integer that num denotes".
function summary(lines, count,    i, text) {
    for (i = 1; i <= count && lines[i] !~ /^@/ && lines[i] !~ /^ *$/; i++)
        text = text (i > 1 ? " " : "") lines[i]
    sub(/[.:;] .*/, "", text)
    sub(/\.$/, "", text)
    gsub(/`/, "", text)
    if (text !~ /^[A-Z][A-Z_]/)
        text = tolower(substr(text, 1, 1)) substr(text, 2)
    return text
}

function header_of(file) {
    sub(/.*include\//, "", file)
    return file
}

function begin_page(page, title, section) {
    printf ".TH %s %s \"\" \"ddbstream %s\" \"ddbstream\"\n.SH NAME\n", title, section, version > page
}

# A page with all names of a group, and for the names behind the first one pages that point to it.
function write_group(    page, i, tags, names) {
    if (name_count == 0 || comment_count == 0)
        return
    page = out "/man3/" name[1] ".3"
    begin_page(page, name[1], 3)
    for (i = 1; i <= name_count; i++)
        names = names (i > 1 ? ", " : "") name[i]
    print names " \\- " escaped(summary(comment, comment_count)) > page
    print ".SH SYNOPSIS\n.nf\n#include <" header_of(FILENAME) ">" > page
    for (i = 1; i <= name_count; i++)
        print "\n" escaped(declaration[i]) > page
    print ".fi\n.SH DESCRIPTION" > page
    for (tags = 1; tags <= comment_count && comment[tags] !~ /^@/; tags++)
        ;
    text_of(comment, 1, tags - 1, page)
    write_tags(page, tags)
    print ".SH SEE ALSO\n.BR ddbstream (1),\n.BR " overview_name(FILENAME) " (7)" > page
    close(page)
    for (i = 2; i <= name_count; i++) {
        print ".so man3/" name[1] ".3" > (out "/man3/" name[i] ".3")
        close(out "/man3/" name[i] ".3")
    }
}

function write_tags(page, from,    i) {
    if (from > comment_count)
        return
    print ".SH ARGUMENTS AND RESULT\n.nf" > page
    for (i = from; i <= comment_count; i++) {
        gsub(/^@param +/, "", comment[i])
        gsub(/^@return +/, "Returns ", comment[i])
        print escaped(comment[i]) > page
    }
    print ".fi" > page
}

function overview_name(file) {
    file = header_of(file)
    sub(/\.h$/, "", file)
    gsub(/\//, "-", file)
    return file
}

function write_overview(    page, head) {
    head = comment[1]
    sub(/^[^:]*: */, "", head)
    sub(/\.$/, "", head)
    page = out "/man7/" overview_name(FILENAME) ".7"
    begin_page(page, overview_name(FILENAME), 7)
    print overview_name(FILENAME) " \\- " escaped(head) > page
    print ".SH SYNOPSIS\n#include <" header_of(FILENAME) ">\n.SH DESCRIPTION\n.nf" > page
    for (i = 1; i <= comment_count; i++)
        print escaped(comment[i]) > page
    print ".fi\n.SH SEE ALSO\n.BR ddbstream (1)" > page
    close(page)
}

# A declaration, or a macro's head: its name is what stands before the first parenthesis.
function add_declaration(text,    found) {
    sub(/^#define +/, "", text)
    gsub(/DDBS_API /, "", text)
    gsub(/ *DDBS_MUST_CHECK/, "", text)
    sub(/ *__attribute__.*/, ";", text)
    sub(/ *\/\*.*/, "", text)
    sub(/;;$/, ";", text)
    if (!match(text, /ddbs_[a-z0-9_]+\(/))
        return
    found = substr(text, RSTART, RLENGTH - 1)
    name[++name_count] = found
    declaration[name_count] = text
}

FNR == 1 { opening = 1; name_count = comment_count = 0; in_comment = pending = "" }

# The comment
/^\/\*/ {
    write_group()
    name_count = comment_count = 0
    in_comment = 1
    line = $0
    sub(/^\/\*+ ?/, "", line)
}
!/^\/\*/ && in_comment { line = $0; sub(/^ \*\/?/, "", line); sub(/^ /, "", line) }
in_comment {
    last = sub(/ *\*\/ *$/, "", line) || $0 ~ /\*\/$/
    if (!(line ~ /^ *$/ && (last || comment_count == 0)))
        comment[++comment_count] = line
    if (last) {
        in_comment = ""
        if (opening) {
            write_overview()
            comment_count = 0
        }
        opening = ""
    }
    next
}

# What stands behind it, up to an empty line
/^ *$/ { write_group(); name_count = comment_count = 0; pending = ""; next }
comment_count == 0 { next }
/^#define +ddbs_[a-z0-9_]+\(/ { sub(/ *\\$/, ""); if (match($0, /^#define +ddbs_[a-z0-9_]+\([^)]*\)/)) add_declaration(substr($0, 1, RLENGTH)); next }
/^DDBS_API/ || pending != "" {
    pending = pending (pending != "" ? "\n" : "") $0
    if ($0 ~ /;( *\/\*.*)?$/) {
        add_declaration(pending)
        pending = ""
    }
}
END { write_group() }
