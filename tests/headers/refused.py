#!/usr/bin/env python3
"""Programs that must not compile, in C (gcc, clang) and C++ (g++, clang++), and their right twins that must.

A case is one program with a hole: a struct `s` and its schema, or a function with an item. The right text is compiled
with warnings as errors, the wrong one as a careless user would: without any warning flag. Only pointers of the wrong
type are made errors, as they are by themselves from GCC 14 on.
"""
import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

INCLUDE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "include"))
COMPILERS = {"gcc": ["-std=c11", "-x", "c"], "clang": ["-std=c11", "-x", "c"],
             "g++": ["-std=c++17", "-x", "c++"], "clang++": ["-std=c++17", "-x", "c++"]}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused"]
CARELESS = ["-Werror=incompatible-pointer-types"]

SCHEMA = """#include <ddbstream/bind.h>
#include <time.h>
struct inner {{ ddbs_str name; }};
enum state {{ OPEN, PAID }};
static const ddbs_schema inner_schema = DDBS_SCHEMA(struct inner, DDBS_FIELD(struct inner, name));
static const ddbs_enum_name states[] = {{ {{ "OPEN", OPEN }}, {{ "PAID", PAID }} }};
static const ddbs_enum_name *const pointer = states;
static const char text[] = "text";
struct s {{ ddbs_str first; {member}; }};
static const ddbs_schema schema = DDBS_SCHEMA(struct s, DDBS_FIELD(struct s, first), {entry});
ddbs_status bind(const ddbs_item *item, struct s *out);
ddbs_status bind(const ddbs_item *item, struct s *out) {{ return ddbs_bind(&schema, item, out, NULL); }}
"""
LOOKUP = """#include <ddbstream/value.h>
struct s {{ int m; }};
extern const ddbs_item *item;
extern const ddbs_value *value;
{declaration};
ddbs_status get(void);
ddbs_status get(void) {{ return {call}; }}
"""

FIELD, SCALED, ROUNDED = "DDBS_FIELD(struct s, m)", "DDBS_SCALED(struct s, m, 2)", "DDBS_ROUNDED(struct s, m)"
ENUM, LIST, SET = "DDBS_ENUM(struct s, m, states)", "DDBS_LIST(struct s, m)", "DDBS_SET(struct s, m)"
NESTED, NESTED_LIST = "DDBS_NESTED(struct s, m, inner_schema)", "DDBS_NESTED_LIST(struct s, m, inner_schema)"
NULLABLE = "bool flag; ddbs_str m", "DDBS_NULLABLE(struct s, flag, DDBS_FIELD(struct s, m))"


def array(element, count="size_t"):
    return f"struct {{ {element} *ptr; {count} count; }} m"


# (what is wrong, wrong member and entry, right member and entry)
SCHEMAS = [
    ("a char * member", ("char *m", FIELD), ("char m[8]", FIELD)),
    ("a const char * member", ("const char *m", FIELD), ("ddbs_str m", FIELD)),
    ("a char member", ("char m", FIELD), ("signed char m", FIELD)),
    ("a float member", ("float m", FIELD), ("double m", FIELD)),
    ("a long double member", ("long double m", FIELD), ("double m", FIELD)),
    ("a void * member", ("void *m", FIELD), ("const ddbs_value *m", FIELD)),
    ("a pointer to an integer", ("int64_t *m", FIELD), ("int64_t m", FIELD)),
    ("a pointer to a value that is not const", ("ddbs_value *m", FIELD), ("const ddbs_value *m", FIELD)),
    ("a pointer to an item that is not const", ("ddbs_item *m", FIELD), ("const ddbs_item *m", FIELD)),
    ("a struct in DDBS_FIELD", ("struct inner m", FIELD), ("struct inner m", NESTED)),
    ("a pointer to a struct in DDBS_FIELD", ("struct inner *m", FIELD), ("struct inner m", NESTED)),
    ("an array of integers", ("int m[4]", FIELD), (array("int"), LIST)),
    ("an array of unsigned char", ("unsigned char m[8]", FIELD), ("ddbs_bytes m", FIELD)),
    ("an array of char arrays", ("char m[2][8]", FIELD), ("char m[8]", FIELD)),
    ("a const member", ("const int64_t m", FIELD), ("int64_t m", FIELD)),
    ("a bit-field", ("unsigned m : 3", FIELD), ("unsigned m", FIELD)),
    ("a misspelled member", ("int64_t m", "DDBS_FIELD(struct s, n)"), ("int64_t m", FIELD)),
    ("a misspelled member in DDBS_SCALED", ("int64_t m", "DDBS_SCALED(struct s, n, 2)"), ("int64_t m", SCALED)),
    ("a misspelled member in DDBS_NESTED", ("struct inner m", "DDBS_NESTED(struct s, n, inner_schema)"),
     ("struct inner m", NESTED)),
    ("a name that is no string literal", ("int64_t m", "DDBS_FIELD_AS(struct s, m, text)"),
     ("int64_t m", 'DDBS_FIELD_AS(struct s, m, "text")')),
    ("a name that is NULL", ("int64_t m", "DDBS_FIELD_AS(struct s, m, NULL)"),
     ("int64_t m", 'DDBS_FIELD_AS(struct s, m, "")')),
    ("DDBS_SCALED on a double", ("double m", SCALED), ("int64_t m", SCALED)),
    ("DDBS_SCALED on a bool", ("bool m", SCALED), ("uint8_t m", SCALED)),
    ("DDBS_SCALED on a number", ("ddbs_num m", SCALED), ("int32_t m", SCALED)),
    ("DDBS_ROUNDED on an integer", ("int64_t m", ROUNDED), ("double m", ROUNDED)),
    ("DDBS_ROUNDED on a float", ("float m", ROUNDED), ("double m", ROUNDED)),
    ("DDBS_ENUM on a string", ("ddbs_str m", ENUM), ("enum state m", ENUM)),
    ("DDBS_ENUM on a double", ("double m", ENUM), ("int m", ENUM)),
    ("DDBS_ENUM on a bool", ("bool m", ENUM), ("enum state m", ENUM)),
    ("DDBS_ENUM with a pointer to a table", ("int m", "DDBS_ENUM(struct s, m, pointer)"), ("int m", ENUM)),
    ("DDBS_ENUM with a table of something else", ("int m", "DDBS_ENUM(struct s, m, text)"), ("int m", ENUM)),
    ("DDBS_NESTED with what is no schema", ("struct inner m", "DDBS_NESTED(struct s, m, states)"),
     ("struct inner m", NESTED)),
    ("DDBS_LIST of structs", (array("struct inner"), LIST), (array("struct inner"), NESTED_LIST)),
    ("DDBS_LIST of char *", (array("char *"), LIST), (array("ddbs_str"), LIST)),
    ("DDBS_LIST of float", (array("float"), LIST), (array("double"), LIST)),
    ("DDBS_LIST of char", (array("char"), LIST), (array("signed char"), LIST)),
    ("DDBS_LIST with an int count", (array("int64_t", "int"), LIST), (array("int64_t"), LIST)),
    ("DDBS_LIST without a count", ("struct { int64_t *ptr; } m", LIST), (array("int64_t"), LIST)),
    ("DDBS_LIST of a fixed array", ("struct { int64_t ptr[4]; size_t count; } m", LIST), (array("int64_t"), LIST)),
    ("DDBS_NESTED_LIST with an int count", (array("struct inner", "int"), NESTED_LIST),
     (array("struct inner"), NESTED_LIST)),
    ("DDBS_SET of structs", (array("struct inner"), SET), (array("struct inner"), NESTED_LIST)),
    ("DDBS_SET of bool", (array("bool"), SET), (array("bool"), LIST)),
    ("DDBS_SET of values", (array("const ddbs_value *"), SET), (array("const ddbs_value *"), LIST)),
    ("DDBS_SET of items", (array("const ddbs_item *"), SET), (array("const ddbs_item *"), LIST)),
    ("DDBS_NULLABLE with an int for a flag", ("int flag; ddbs_str m", NULLABLE[1]), NULLABLE),
    ("DDBS_NULLABLE with a misspelled flag",
     (NULLABLE[0], "DDBS_NULLABLE(struct s, flap, DDBS_FIELD(struct s, m))"), NULLABLE),
]

GET, PATH, VALUE = 'ddbs_get(item, "a", &m)', 'ddbs_get_path(item, "a.b", &m)', "ddbs_value_get(value, &m)"

# (what is wrong, wrong declaration and call, right declaration and call)
LOOKUPS = [
    *[(f"{macro.partition('(')[0]} into a {kind}", (wrong, macro), (right, macro)) for (kind, wrong, right), macro in
      itertools.product([("float", "float m", "double m"), ("char *", "char *m", "ddbs_str m")], [GET, PATH, VALUE])],
    ("ddbs_get into a const char *", ("const char *m", GET), ("ddbs_str m", GET)),
    ("ddbs_get into a char", ("char m", GET), ("signed char m", GET)),
    ("ddbs_get into a char array", ("char m[8]", GET), ("ddbs_str m", GET)),
    ("ddbs_get into a long double", ("long double m", GET), ("double m", GET)),
    ("ddbs_get into a struct", ("struct s m", GET), ("int m", GET)),
    ("ddbs_get into a const integer", ("extern const int64_t m", GET), ("int64_t m", GET)),
    ("ddbs_get into a const string", ("extern const ddbs_str m", GET), ("ddbs_str m", GET)),
    ("ddbs_get into an item that is not const", ("ddbs_item *m", GET), ("const ddbs_item *m", GET)),
    ("ddbs_get into a value that is not const", ("ddbs_value *m", GET), ("const ddbs_value *m", GET)),
    ("ddbs_get into a void *", ("void *m", GET), ("const ddbs_value *m", GET)),
    ("ddbs_get into no pointer", ("int64_t m", 'ddbs_get(item, "a", m)'), ("int64_t m", GET)),
    ("ddbs_get of a value", ("int64_t m", 'ddbs_get(&value, "a", &m)'), ("int64_t m", GET)),
]


def programs():
    """(what is wrong, wrong program, right program)"""
    for name, *texts in SCHEMAS:
        yield name, *[SCHEMA.format(member=member, entry=entry) for member, entry in texts]
    for name, *texts in LOOKUPS:
        yield name, *[LOOKUP.format(declaration=declaration, call=call) for declaration, call in texts]


def errors(compiler, text, flags):
    """What the compiler says where it refuses the program, else None."""
    process = subprocess.run([compiler, *COMPILERS[compiler], *flags, "-I", INCLUDE, "-fsyntax-only", "-"], input=text,
                             text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return process.stdout if process.returncode else None


def judge(case):
    """Why a case is not in order, for every compiler."""
    _, wrong, right = case
    for compiler in COMPILERS:
        if errors(compiler, wrong, CARELESS) is None:
            yield f"{compiler} takes it"
        refused = errors(compiler, right, WARNINGS)
        if refused is not None:
            yield f"{compiler} refuses the right one: {' / '.join(refused.strip().splitlines()[:4])}"


def main():
    cases = list(programs())
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        verdicts = list(pool.map(lambda case: list(judge(case)), cases))
    for (name, _, _), why in zip(cases, verdicts):
        print(f"not ok - {name} does not compile: {'; '.join(why)}" if why else f"ok - {name} does not compile")
    return 1 if any(verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
