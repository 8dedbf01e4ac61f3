/* numbers.c: what the library makes of numbers, in lines that a script can compare. Only the public API is used.
 *
 * Reads lines "NUMBER SCALE" from stdin and writes a line for each:
 *
 *     before-last:this last:this this:last last==this canonical integer i64 u64 i128 scaled f64 rounded inexact
 *
 * The first three order the number and the two before it ('<', '=', '>'; before the first line there were zeros), flags
 * are 0 and 1, doubles are printed in hexadecimal. A call that fails prints its status instead, or "broken" if it wrote
 * its result nevertheless; for the last flag the status stands twice. No NUL follows the number: the length rules. */
#include <ddbstream/num.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 512 };

/* What results hold before a call: a status that does not come with it proves that nothing was written. */
#define UNTOUCHED 77

/* A number that stays while the next lines are read. */
struct kept {
    char text[LINE_SIZE];
    size_t len;
};

static ddbs_num view(const struct kept *kept)
{
    return (ddbs_num){ kept->text, kept->len };
}

/* Whether there is a result to print; if not, the status is printed. */
static bool succeeded(ddbs_status status, bool untouched)
{
    if (status != DDBS_OK)
        printf("%s ", untouched ? ddbs_status_name(status) : "broken");
    return status == DDBS_OK;
}

static void print_order(ddbs_num a, ddbs_num b)
{
    int order = UNTOUCHED;
    if (succeeded(ddbs_num_compare(a, b, &order), order == UNTOUCHED))
        printf("%c ", order < 0 ? '<' : order > 0 ? '>' : '=');
}

static void print_equal(ddbs_num a, ddbs_num b)
{
    bool yes = false, no = true;
    ddbs_status status = ddbs_num_equal(a, b, &yes), again = ddbs_num_equal(a, b, &no);
    if (succeeded(status, !yes && no))
        printf("%s ", yes == no && again == DDBS_OK ? yes ? "1" : "0" : "broken");
}

static void print_canonical(ddbs_num num)
{
    char text[DDBS_NUM_TEXT_MAX + 1];
    memset(text, UNTOUCHED, sizeof text);
    ddbs_status status = ddbs_num_canonical(num, text);
    if (succeeded(status, text[0] == UNTOUCHED))
        printf("%s ", memchr(text, '\0', DDBS_NUM_TEXT_MAX) != NULL ? text : "broken");
}

static void print_is_integer(ddbs_num num)
{
    bool yes = false, no = true;
    ddbs_status status = ddbs_num_is_integer(num, &yes), again = ddbs_num_is_integer(num, &no);
    if (succeeded(status, !yes && no))
        printf("%s ", yes == no && again == DDBS_OK ? yes ? "1" : "0" : "broken");
}

static void print_i128(ddbs_num num)
{
    char text[48];
    size_t at = sizeof text - 1;
    ddbs_i128 value = UNTOUCHED;
    ddbs_status status = ddbs_num_i128(num, &value);
    if (!succeeded(status, value == UNTOUCHED))
        return;
    __extension__ unsigned __int128 left = (unsigned __int128)value;
    left = value < 0 ? 0 - left : left;
    text[at] = '\0';
    do
        text[--at] = (char)('0' + (int)(left % 10));
    while ((left /= 10) > 0);
    printf("%s%s ", value < 0 ? "-" : "", text + at);
}

static void print_integers(ddbs_num num, int scale)
{
    int64_t i64 = UNTOUCHED, scaled = UNTOUCHED;
    uint64_t u64 = UNTOUCHED;
    if (succeeded(ddbs_num_i64(num, &i64), i64 == UNTOUCHED))
        printf("%" PRId64 " ", i64);
    if (succeeded(ddbs_num_u64(num, &u64), u64 == UNTOUCHED))
        printf("%" PRIu64 " ", u64);
    print_i128(num);
    if (succeeded(ddbs_num_scaled(num, scale, &scaled), scaled == UNTOUCHED))
        printf("%" PRId64 " ", scaled);
}

static void print_doubles(ddbs_num num)
{
    double exact = UNTOUCHED, rounded = UNTOUCHED, again = UNTOUCHED;
    bool yes = false, no = true;
    if (succeeded(ddbs_num_f64(num, &exact), exact == UNTOUCHED))
        printf("%.13a ", exact);
    ddbs_status status = ddbs_num_f64_rounded(num, &rounded, &yes);
    bool same = ddbs_num_f64_rounded(num, &again, &no) == status && memcmp(&again, &rounded, sizeof again) == 0;
    if (succeeded(status, rounded == UNTOUCHED && !yes && no))
        printf("%.13a %s", rounded, same && yes == no ? yes ? "1" : "0" : "broken");
    else
        printf("%s", ddbs_status_name(status));
}

static void print_all(const struct kept *before_last, const struct kept *last, const struct kept *current, int scale)
{
    ddbs_num num = view(current);
    print_order(view(before_last), num);
    print_order(view(last), num);
    print_order(num, view(last));
    print_equal(view(last), num);
    print_canonical(num);
    print_is_integer(num);
    print_integers(num, scale);
    print_doubles(num);
    putchar('\n');
}

/* The next line's number and scale; false at the end of the input. */
static bool read_line(struct kept *out, int *scale)
{
    if (fgets(out->text, sizeof out->text, stdin) == NULL)
        return false;
    const char *space = strrchr(out->text, ' ');
    if (space == NULL || strchr(space, '\n') == NULL) {
        fprintf(stderr, "numbers: a line without a scale, or of over %d bytes\n", LINE_SIZE - 2);
        exit(2);
    }
    out->len = (size_t)(space - out->text);
    *scale = (int)strtol(space + 1, NULL, 10);
    return true;
}

int main(void)
{
    struct kept kept[3] = { { "0", 1 }, { "0", 1 }, { "0", 1 } };
    size_t current = 2;
    int scale;

    for (; read_line(&kept[current], &scale); current = (current + 1) % 3)
        print_all(&kept[(current + 1) % 3], &kept[(current + 2) % 3], &kept[current], scale);
    return ferror(stdin) || ferror(stdout) ? 2 : 0;
}
