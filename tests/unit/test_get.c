/* test_get.c: attribute values as C types: every C type from every attribute type, by every function; the limits of the
 * integers; what a failure leaves untouched. And which elements a set has. */
#include "tests/unit/events.h"

#include <stdio.h>

/* The out-parameter: larger than any of the types, so that a byte too many is seen. */
enum { OUT_MAX = 48, FILLER = 0x5a };
struct out {
    _Alignas(16) unsigned char bytes[OUT_MAX];
};

static struct out marked(void)
{
    struct out out;
    memset(&out, FILLER, sizeof out);
    return out;
}

/* Whether all bytes from `at` on are as they were. */
static bool is_marked(const struct out *out, size_t at)
{
    while (at < OUT_MAX && out->bytes[at] == FILLER)
        at++;
    return at == OUT_MAX;
}

typedef ddbs_status reader(const ddbs_item *item, const char *name, void *out);

/* What the three macros make of a pointer to T. */
#define READERS(id, T)                                                                                                 \
    static ddbs_status get_##id(const ddbs_item *item, const char *name, void *out)                                    \
    {                                                                                                                  \
        return ddbs_get(item, name, (T *)out);                                                                         \
    }                                                                                                                  \
    static ddbs_status path_##id(const ddbs_item *item, const char *name, void *out)                                   \
    {                                                                                                                  \
        return ddbs_get_path(item, name, (T *)out);                                                                    \
    }                                                                                                                  \
    static ddbs_status value_##id(const ddbs_item *item, const char *name, void *out)                                  \
    {                                                                                                                  \
        return ddbs_value_get(ddbs_item_find(item, ddbs_str_c(name)), (T *)out);                                       \
    }
#define TWIN(id, T)                                                                                                    \
    static ddbs_status twin_##id(const ddbs_item *item, const char *name, void *out)                                   \
    {                                                                                                                  \
        return ddbs_get_##id(item, name, (T *)out);                                                                    \
    }

READERS(str, ddbs_str)
READERS(num, ddbs_num)
READERS(bytes, ddbs_bytes)
READERS(bool, bool)
READERS(i8, int8_t)
READERS(i16, int16_t)
READERS(i32, int32_t)
READERS(i64, int64_t)
READERS(u8, uint8_t)
READERS(u16, uint16_t)
READERS(u32, uint32_t)
READERS(u64, uint64_t)
READERS(i128, ddbs_i128)
READERS(f64, double)
READERS(item, const ddbs_item *)
READERS(value, const ddbs_value *)
READERS(long, long)
READERS(ulong, unsigned long)
READERS(longlong, long long)
READERS(ulonglong, unsigned long long)
TWIN(str, ddbs_str)
TWIN(num, ddbs_num)
TWIN(bytes, ddbs_bytes)
TWIN(bool, bool)
TWIN(i32, int32_t)
TWIN(i64, int64_t)
TWIN(u64, uint64_t)
TWIN(f64, double)
TWIN(item, const ddbs_item *)
TWIN(value, const ddbs_value *)

#define ANY "S N B BOOL NULL M L SS NS BS"

static const struct ctype {
    const char *fits; /* attribute types */
    reader *get, *path, *value, *twin;
    size_t size;
    ddbs_ctype code, picked; /* picked: by the macro */
} ctypes[] = {
#define ROW(id, T, twin, code, fits)                                                                                   \
    {                                                                                                                  \
        fits, get_##id, path_##id, value_##id, twin, sizeof(T), code, DDBS_CTYPE((T *)NULL)                            \
    }
    ROW(i8, int8_t, NULL, DDBS_C_I8, "N"),
    ROW(i16, int16_t, NULL, DDBS_C_I16, "N"),
    ROW(i32, int32_t, twin_i32, DDBS_C_I32, "N"),
    ROW(i64, int64_t, twin_i64, DDBS_C_I64, "N"),
    ROW(u8, uint8_t, NULL, DDBS_C_U8, "N"),
    ROW(u16, uint16_t, NULL, DDBS_C_U16, "N"),
    ROW(u32, uint32_t, NULL, DDBS_C_U32, "N"),
    ROW(u64, uint64_t, twin_u64, DDBS_C_U64, "N"),
    ROW(i128, ddbs_i128, NULL, DDBS_C_I128, "N"),
    ROW(f64, double, twin_f64, DDBS_C_F64, "N"),
    ROW(str, ddbs_str, twin_str, DDBS_C_STR, "S"),
    ROW(num, ddbs_num, twin_num, DDBS_C_NUM, "N"),
    ROW(bytes, ddbs_bytes, twin_bytes, DDBS_C_BYTES, "B"),
    ROW(bool, bool, twin_bool, DDBS_C_BOOL, "BOOL"),
    ROW(item, const ddbs_item *, twin_item, DDBS_C_ITEM, "M"),
    ROW(value, const ddbs_value *, twin_value, DDBS_C_VALUE, ANY),
    ROW(long, long, NULL, sizeof(long) == 8 ? DDBS_C_I64 : DDBS_C_I32, "N"),
    ROW(ulong, unsigned long, NULL, sizeof(long) == 8 ? DDBS_C_U64 : DDBS_C_U32, "N"),
    ROW(longlong, long long, NULL, DDBS_C_I64, "N"),
    ROW(ulonglong, unsigned long long, NULL, DDBS_C_U64, "N"),
};
enum { CTYPES = sizeof ctypes / sizeof *ctypes, NUMERIC = 10 }; /* the first ones are of the table of numbers */

/* Every way to read an attribute as a C type. */
enum way { GET, PATH, VALUE, GET_AS, PATH_AS, VALUE_AS, TWIN, WAYS };

static bool has_way(const struct ctype *c, enum way way)
{
    return way != TWIN || c->twin != NULL;
}

static ddbs_status read_by(const struct ctype *c, enum way way, const ddbs_item *item, const char *name, void *out)
{
    switch (way) {
    case GET:
        return c->get(item, name, out);
    case PATH:
        return c->path(item, name, out);
    case VALUE:
        return c->value(item, name, out);
    case GET_AS:
        return ddbs_get_as(item, name, c->code, out);
    case PATH_AS:
        return ddbs_get_path_as(item, name, c->code, out);
    case VALUE_AS:
        return ddbs_value_as(ddbs_item_find(item, ddbs_str_c(name)), c->code, out);
    default:
        return c->twin(item, name, out);
    }
}

static void explain(const struct ctype *c, enum way way, const char *attribute)
{
    printf("# C type %d (row %d), way %d, attribute %s\n", (int)c->code, (int)(c - ctypes), (int)way, attribute);
}

/* The status, nothing written unless DDBS_OK, and then no byte too many. */
static void check_read(const struct ctype *c, const ddbs_item *item, const char *name, ddbs_status want)
{
    for (enum way way = GET; way < WAYS; way++) {
        struct out out = marked();
        if (!has_way(c, way))
            continue;
        ddbs_status status = read_by(c, way, item, name, &out);
        bool held = CHECK_STATUS(status, want);
        if (!CHECK(is_marked(&out, status == DDBS_OK ? c->size : 0)) || !held)
            explain(c, way, name);
    }
}

/* Attributes named as their types are. */
#define SAMPLES                                                                                                        \
    "{'S':{'S':'7'},'N':{'N':'7'},'B':{'B':'Nw=='},'BOOL':{'BOOL':true},'NULL':{'NULL':true},'M':{'M':{'N':{'N':'7'}"  \
    "}},'L':{'L':[{'N':'7'}]},'SS':{'SS':['7']},'NS':{'NS':['7']},'BS':{'BS':['Nw==']}}"
static const char *const types[] = { "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS" };

/* Whether `type` is one of the words of `fits`. */
static bool is_in(const char *fits, const char *type)
{
    char words[64], word[16];
    snprintf(words, sizeof words, " %s ", fits);
    snprintf(word, sizeof word, " %s ", type);
    return strstr(words, word) != NULL;
}

TEST(the_pointer_picks_the_conversion)
{
    for (size_t i = 0; i < CTYPES; i++)
        CHECK_INT(ctypes[i].picked, ctypes[i].code);
}

TEST(every_c_type_takes_its_attribute_types_and_no_other)
{
    const ddbs_item *item;
    struct parsed p = item_of(SAMPLES, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < CTYPES; i++) {
        for (size_t k = 0; k < sizeof types / sizeof *types; k++)
            check_read(&ctypes[i], item, types[k], is_in(ctypes[i].fits, types[k]) ? DDBS_OK : DDBS_E_TYPE);
    }
    parsed_free(&p);
}

TEST(what_is_not_there_is_missing_for_every_c_type)
{
    const ddbs_item *item;
    struct parsed p = item_of(SAMPLES, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < CTYPES; i++) {
        check_read(&ctypes[i], item, "n", DDBS_E_MISSING);
        check_read(&ctypes[i], item, "Nx", DDBS_E_MISSING);
        check_read(&ctypes[i], NULL, "N", DDBS_E_MISSING);
    }
    parsed_free(&p);
}

TEST(no_name_is_missing_and_no_path_is_malformed)
{
    const ddbs_item *item;
    struct parsed p = item_of(SAMPLES, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < CTYPES; i++) {
        struct out out = marked();
        CHECK_STATUS(ctypes[i].get(item, NULL, &out), DDBS_E_MISSING);
        CHECK_STATUS(ddbs_get_as(item, "", ctypes[i].code, &out), DDBS_E_MISSING);
        CHECK_STATUS(ctypes[i].path(item, NULL, &out), DDBS_E_SYNTAX);
        CHECK_STATUS(ctypes[i].path(item, "", &out), DDBS_E_SYNTAX);
        CHECK(is_marked(&out, 0));
    }
    parsed_free(&p);
}

TEST(a_path_reads_inside_maps_and_lists_as_every_c_type)
{
    const ddbs_item *item;
    struct parsed p = item_of(SAMPLES, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < CTYPES; i++) {
        const struct ctype *c = &ctypes[i];
        struct out out = marked();
        ddbs_status want = is_in(c->fits, "N") ? DDBS_OK : DDBS_E_TYPE;
        CHECK_STATUS(c->path(item, "L[0]", &out), want);
        CHECK_STATUS(c->path(item, "M.N", &out), want);
        CHECK(is_marked(&out, want == DDBS_OK ? c->size : 0));
        out = marked();
        CHECK_STATUS(c->path(item, "L[1]", &out), DDBS_E_MISSING);
        CHECK_STATUS(c->path(item, "M.n", &out), DDBS_E_MISSING);
        CHECK_STATUS(c->path(item, "S.n", &out), DDBS_E_TYPE);
        CHECK_STATUS(c->path(item, "M[0]", &out), DDBS_E_TYPE);
        CHECK_STATUS(c->get(item, "M.N", &out), DDBS_E_MISSING);
        CHECK(is_marked(&out, 0));
    }
    parsed_free(&p);
}

TEST(elements_of_lists_and_sets_become_c_types)
{
    const ddbs_item *item;
    struct parsed p = item_of(SAMPLES, &item);
    REQUIRE(item != NULL);
    static const char *const in[][2] = { { "L", "N" }, { "SS", "S" }, { "NS", "N" }, { "BS", "B" } };
    for (size_t i = 0; i < CTYPES; i++) {
        for (size_t k = 0; k < 4; k++) {
            struct out out = marked();
            ddbs_iter iter = ddbs_iter_list(ddbs_item_find(item, ddbs_str_c(in[k][0])));
            ddbs_status want = is_in(ctypes[i].fits, in[k][1]) ? DDBS_OK : DDBS_E_TYPE;
            CHECK_STATUS(ddbs_value_as(ddbs_iter_next(&iter), ctypes[i].code, &out), want);
            CHECK(is_marked(&out, want == DDBS_OK ? ctypes[i].size : 0));
        }
    }
    parsed_free(&p);
}

/* Not even the attribute's type matters, nor whether it is there. */
TEST(a_type_that_is_none_is_a_wrong_use)
{
    static const ddbs_ctype none[] = { DDBS_C_NONE, DDBS_C_CHARS, DDBS_C_CHARS + 1, (ddbs_ctype)1000, (ddbs_ctype)-1 };
    const ddbs_item *item;
    struct parsed p = item_of(SAMPLES, &item);
    REQUIRE(item != NULL);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct out out = marked();
        for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
            const ddbs_value *value = ddbs_item_find(item, ddbs_str_c(types[k]));
            CHECK_STATUS(ddbs_value_as(value, none[i], &out), DDBS_E_USAGE);
            CHECK_STATUS(ddbs_get_as(item, types[k], none[i], &out), DDBS_E_USAGE);
            CHECK_STATUS(ddbs_get_path_as(item, types[k], none[i], &out), DDBS_E_USAGE);
        }
        CHECK_STATUS(ddbs_value_as(NULL, none[i], &out), DDBS_E_USAGE);
        CHECK_STATUS(ddbs_get_as(NULL, "N", none[i], &out), DDBS_E_USAGE);
        CHECK(is_marked(&out, 0));
    }
    parsed_free(&p);
}

TEST(text_and_bytes_and_containers_are_views_into_the_item)
{
    const ddbs_item *item, *map = NULL;
    struct parsed p = item_of(SAMPLES, &item);
    ddbs_str text;
    ddbs_num num;
    ddbs_bytes bytes;
    bool truth = false;
    REQUIRE(item != NULL);
    REQUIRE(ddbs_get_str(item, "S", &text) == DDBS_OK && ddbs_get_num(item, "N", &num) == DDBS_OK);
    REQUIRE(ddbs_get_bytes(item, "B", &bytes) == DDBS_OK && ddbs_get_bool(item, "BOOL", &truth) == DDBS_OK);
    CHECK_VIEW(text, "7");
    CHECK_VIEW(num, "7");
    CHECK_VIEW(bytes, "7");
    CHECK(truth);
    REQUIRE(ddbs_get_path(item, "M", &map) == DDBS_OK);
    CHECK(ddbs_item_find(map, ddbs_str_c("N")) != NULL);
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        const ddbs_value *value = NULL, *same = NULL;
        REQUIRE(ddbs_get_value(item, types[k], &value) == DDBS_OK);
        CHECK(value != NULL && value == ddbs_item_find(item, ddbs_str_c(types[k])));
        CHECK(ddbs_value_get(value, &same) == DDBS_OK && same == value);
    }
    parsed_free(&p);
}

/* ---- Numbers ---- */

#define NINES_38 "99999999999999999999999999999999999999"

/* What becomes of a number as int8_t to int64_t, uint8_t to uint64_t, 128 bits, double: '.' DDBS_OK, 'r' DDBS_E_RANGE,
 * 'i' DDBS_E_INEXACT. */
static const struct number {
    const char *text, *integer; /* integer: what comes out, in digits; NULL for none */
    char want[NUMERIC + 1];
} numbers[] = {
    { "0", "0", ".........." },
    { "-0", "0", ".........." },
    { "1", "1", ".........." },
    { "-1", "-1", "....rrrr.." },
    { "127", "127", ".........." },
    { "128", "128", "r........." },
    { "-128", "-128", "....rrrr.." },
    { "-129", "-129", "r...rrrr.." },
    { "255", "255", "r........." },
    { "256", "256", "r...r....." },
    { "32767", "32767", "r...r....." },
    { "32768", "32768", "rr..r....." },
    { "-32768", "-32768", "r...rrrr.." },
    { "-32769", "-32769", "rr..rrrr.." },
    { "65535", "65535", "rr..r....." },
    { "65536", "65536", "rr..rr...." },
    { "2147483647", "2147483647", "rr..rr...." },
    { "2147483648", "2147483648", "rrr.rr...." },
    { "-2147483648", "-2147483648", "rr..rrrr.." },
    { "-2147483649", "-2147483649", "rrr.rrrr.." },
    { "4294967295", "4294967295", "rrr.rr...." },
    { "4294967296", "4294967296", "rrr.rrr..." },
    { "9007199254740992", "9007199254740992", "rrr.rrr..." },
    { "9007199254740993", "9007199254740993", "rrr.rrr..i" },
    { "9223372036854775807", "9223372036854775807", "rrr.rrr..i" },
    { "9223372036854775808", "9223372036854775808", "rrrrrrr..." },
    { "-9223372036854775808", "-9223372036854775808", "rrr.rrrr.." },
    { "-9223372036854775809", "-9223372036854775809", "rrrrrrrr.i" },
    { "18446744073709551615", "18446744073709551615", "rrrrrrr..i" },
    { "18446744073709551616", "18446744073709551616", "rrrrrrrr.." },
    { "-18446744073709551616", "-18446744073709551616", "rrrrrrrr.." },
    { "18446744073709551617", "18446744073709551617", "rrrrrrrr.i" },
    { NINES_38, NINES_38, "rrrrrrrr.i" },
    { "-" NINES_38, "-" NINES_38, "rrrrrrrr.i" },
    /* 2^127 has 39 digits: the last numbers of 38 digits on either side of it. */
    { "17014118346046923173168730371588410572E1", "170141183460469231731687303715884105720", "rrrrrrrr.i" },
    { "17014118346046923173168730371588410573E1", NULL, "rrrrrrrrri" },
    { "-17014118346046923173168730371588410572E1", "-170141183460469231731687303715884105720", "rrrrrrrr.i" },
    { "-17014118346046923173168730371588410573E1", NULL, "rrrrrrrrri" },
    { "1E125", NULL, "rrrrrrrrri" },
    { "-9.99E125", NULL, "rrrrrrrrri" },
    { "1.27e2", "127", ".........." },
    { "127.000", "127", ".........." },
    { "0.00128E+5", "128", "r........." },
    { "+25500E-2", "255", "r........." },
    { "0.5", NULL, "iiiiiiiii." },
    { "-0.5", NULL, "iiiirrrri." },
    { "127.5", NULL, "iiiiiiiii." },
    { "0.1", NULL, "iiiiiiiiii" },
    { "-1.1", NULL, "iiiirrrrii" },
    { "1E-130", NULL, "iiiiiiiiii" },
};

/* An integer of any width as digits. */
static void write_integer(char out[48], const struct ctype *c, const struct out *from)
{
    __extension__ typedef unsigned __int128 wide;
    bool is_signed = c->code <= DDBS_C_I64 || c->code == DDBS_C_I128;
    bool negative = is_signed && (from->bytes[c->size - 1] & 0x80) != 0; /* little-endian, as all of Lambda's */
    wide value = negative ? ~(wide)0 : 0;
    char *at = out + 47;
    memcpy(&value, from->bytes, c->size);
    value = negative ? 0 - value : value;
    *at = '\0';
    do
        *--at = (char)('0' + (int)(value % 10));
    while ((value /= 10) != 0);
    if (negative)
        *--at = '-';
    memmove(out, at, strlen(at) + 1);
}

static bool same_number(const struct ctype *c, const struct out *out, const struct number *number)
{
    char got[48];
    double f64;
    if (c->code == DDBS_C_F64) {
        memcpy(&f64, out->bytes, sizeof f64);
        return f64 == strtod(number->text, NULL);
    }
    write_integer(got, c, out);
    return number->integer != NULL && strcmp(got, number->integer) == 0;
}

static void check_number(const ddbs_item *item, const struct number *number, size_t type)
{
    const struct ctype *c = &ctypes[type];
    char letter = number->want[type];
    ddbs_status want = letter == '.' ? DDBS_OK : letter == 'r' ? DDBS_E_RANGE : DDBS_E_INEXACT;
    check_read(c, item, "n", want);
    for (enum way way = GET; way < WAYS && want == DDBS_OK; way++) {
        struct out out = marked();
        if (has_way(c, way) && !CHECK(read_by(c, way, item, "n", &out) == DDBS_OK && same_number(c, &out, number)))
            explain(c, way, number->text);
    }
}

TEST(numbers_are_exact_or_an_error_at_the_limits_of_every_type)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[120];
        const ddbs_item *item;
        snprintf(text, sizeof text, "{'n':{'N':'%s'}}", numbers[i].text);
        struct parsed p = item_of(text, &item);
        REQUIRE(item != NULL);
        for (size_t type = 0; type < NUMERIC; type++)
            check_number(item, &numbers[i], type);
        parsed_free(&p);
    }
}

TEST(a_number_as_text_is_as_it_was_sent)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[120];
        const ddbs_item *item;
        ddbs_num num;
        snprintf(text, sizeof text, "{'n':{'N':'%s'}}", numbers[i].text);
        struct parsed p = item_of(text, &item);
        REQUIRE(ddbs_get(item, "n", &num) == DDBS_OK);
        CHECK_VIEW(num, numbers[i].text);
        parsed_free(&p);
    }
}

/* ---- Sets ---- */

static bool has_num(const ddbs_value *set, const char *number)
{
    return ddbs_set_has_num(set, (ddbs_num){ number, number == NULL ? 0 : strlen(number) });
}

TEST(sets_have_their_elements_and_no_others)
{
    static const char *const in[] = { "1", "1.0", "+1", "0.1e1", "100E-2", "-2.50", "-2.5", "0", "-0", "0E5", "1e125" };
    static const char *const out[] = { "1.1", "-1", "2.5", "", "x", "1 ", " 1", "1E126", "1E-131", "1,0", NULL };
    const ddbs_item *item;
    struct parsed p = item_of("{'ns':{'NS':['1.00','-2.5','0.0','1E125']},'ss':{'SS':['1','a\\u0000b','']},"
                              "'bs':{'BS':['MQ==','']},'s':{'S':'1'},'n':{'N':'1'},'b':{'B':'MQ=='},"
                              "'l':{'L':[{'S':'1'},{'N':'1'},{'B':'MQ=='}]},'none':{'SS':[]},'m':{'M':{'1':{'S':''}}}}",
                              &item);
    REQUIRE(item != NULL);
    const ddbs_value *ns = ddbs_item_find(item, ddbs_str_c("ns")), *ss = ddbs_item_find(item, ddbs_str_c("ss"));
    const ddbs_value *bs = ddbs_item_find(item, ddbs_str_c("bs"));
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        CHECK(has_num(ns, in[i]) && !has_num(ns, out[i]));
    CHECK(ddbs_set_has_str(ss, ddbs_str_c("1")) && ddbs_set_has_str(ss, ddbs_str_c("")));
    CHECK(ddbs_set_has_str(ss, (ddbs_str){ "a\0b", 3 }) && !ddbs_set_has_str(ss, ddbs_str_c("a")));
    CHECK(!ddbs_set_has_str(ss, ddbs_str_c("1.0")) && !ddbs_set_has_str(ss, (ddbs_str){ NULL, 0 }));
    CHECK(ddbs_set_has_bytes(bs, (ddbs_bytes){ (const unsigned char *)"1", 1 }));
    CHECK(ddbs_set_has_bytes(bs, (ddbs_bytes){ (const unsigned char *)"", 0 }));
    CHECK(!ddbs_set_has_bytes(bs, (ddbs_bytes){ (const unsigned char *)"2", 1 }));
    CHECK(!ddbs_set_has_bytes(bs, (ddbs_bytes){ NULL, 0 }));
    ddbs_str name;
    ddbs_iter iter = ddbs_iter_item(item);
    for (const ddbs_value *set; (set = ddbs_iter_attr(&iter, &name)) != NULL;) {
        CHECK(ddbs_set_has_str(set, ddbs_str_c("1")) == (set == ss));
        CHECK(has_num(set, "1") == (set == ns));
        CHECK(ddbs_set_has_bytes(set, (ddbs_bytes){ (const unsigned char *)"1", 1 }) == (set == bs));
    }
    CHECK(!ddbs_set_has_str(NULL, ddbs_str_c("1")) && !has_num(NULL, "1"));
    CHECK(!ddbs_set_has_bytes(NULL, (ddbs_bytes){ (const unsigned char *)"1", 1 }));
    parsed_free(&p);
}
