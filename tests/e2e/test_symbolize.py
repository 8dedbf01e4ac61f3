#!/usr/bin/env python3
"""`ddbstream symbolize`: which functions and lines a crash report is about.

test_symbolize.py [BUILD FOLDER]

The truth is what a program says of itself: each place in SITES prints the address that it is called from, its function
and its line. It is compiled in several ways here; the compiler is $CC, or cc.
"""
import gzip
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile

from runtime_harness import BIN, HANDLERS, SECRET, batch, expect, main, serve, test

CC = os.environ.get("CC", "cc")
ID = "0123456789abcdef"
DDBSTREAM = os.path.join(BIN, "ddbstream")
FRAME = re.compile(r"  #(\d+) (\S+)(?: \((\S+):(\d+)\))?")

SITES = r'''
#define _GNU_SOURCE
#include "runtime/lambda/crash.h"
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile size_t never;
static int begin(struct dl_phdr_info *info, size_t size, void *out)
{
    (void)size;
    *(size_t *)out = info->dlpi_addr;
    return 1;
}
static void say(const char *name, size_t function, size_t from, const char *file, int line)
{
    size_t base;
    const char *slash = strrchr(file, '/');
    dl_iterate_phdr(begin, &base);
    file = slash ? slash + 1 : file;
    printf("%zx %s+0x%zx %s %d\n", from - base, name, from - function, file, line);
    fflush(stdout);
}
#define FROM ((size_t)__builtin_return_address(0))
__attribute__((noinline)) void mark(const char *name, size_t function, const char *file, int line)
{
    say(name, function, FROM, file, line);
}
__attribute__((noinline, noreturn)) void stop(const char *name, size_t function, const char *file, int line)
{
    say(name, function, FROM, file, line);
    exit(0);
}
#define MARK(f) mark(#f, (size_t)f, __FILE__, __LINE__)
#include "inner.h"

__attribute__((noinline)) void several(int n)
{
    MARK(several);
    for (int i = 0; i < n; i++) {
        MARK(several);
        if (never == 1)
            continue;
        inner("several", (size_t)several);
    }



    MARK(several);
    never = 0;
}
#line 2000000000
__attribute__((noinline)) void far_away(void)
{
    MARK(far_away);
    never = 0;
}
#define EIGHT(x) x x x x x x x x
#line 90
void nobody_calls_this(void)
{
    EIGHT(EIGHT(EIGHT(never += 3;)))
}
#line 100
__attribute__((noinline)) static int fault(void)
{
    return *(volatile int *)(never + 8); /* the fault */
}
__attribute__((noinline)) static int caller(void)
{
    int got = fault() + 1; /* the caller */
    never = (size_t)got;
    return got;
}
static void crash(void)
{
    char text[4096];
    struct ddbs_crash *report = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(ddbs_crash__watch(report) ? caller() : 1);
    waitpid(child, NULL, 0);
    ddbs_crash__describe(report, text, sizeof text);
    printf("ERROR worker lost; %s\n", text);
    fflush(stdout);
}
__attribute__((noinline)) void ends_in_a_call(void)
{
    stop("ends_in_a_call", (size_t)ends_in_a_call, __FILE__, __LINE__);
}
int main(void)
{
    crash();
    several(1);
    far_away();
    ends_in_a_call();
}
'''
INNER = r'''
static inline __attribute__((always_inline)) void inner(const char *outer, size_t function)
{
    mark(outer, function, __FILE__, __LINE__);
}
'''
SMALL = r'''
/* Without a size, and a second name for second(). */
__asm__(".text\n.globl bare\n.type bare, %function\nbare:\nnop\nnop\n"
        ".set nickname, second\n.type nickname, %function\n.size nickname, 1\n");
static volatile int sink;
__attribute__((noinline)) void first(int n) { sink = n; }
__attribute__((noinline)) void second(int n)
{
    first(n);
    sink++;
}
void _start(void)
{
    second(1);
    for (;;)
        continue;
}
'''


# ---- Running it ----

class Out:
    def __init__(self, *arguments, log=b""):
        done = subprocess.run([DDBSTREAM, "symbolize", *arguments], input=log, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.status, self.out = done.returncode, done.stdout
        self.err = done.stderr.decode("utf-8", "backslashreplace")
        assert self.status in (0, 1, 2) and "Sanitizer" not in self.err, f"{self.status}: {self.err}"

    def frames(self):
        """(number, place, file, line) of every frame."""
        lines = self.out.decode("utf-8", "backslashreplace").split("\n")
        return [FRAME.fullmatch(line).groups() for line in lines if line.startswith("  #")]

    def passed(self):
        return b"\n".join(line for line in self.out.split(b"\n") if not line.startswith(b"  #"))


def report(*frames, build_id=ID):
    return f"ERROR worker lost; address 0x8; {' '.join(frames)} build-id {build_id}\n".encode()


# ---- Making programs ----

FOLDER = tempfile.TemporaryDirectory(prefix="symbolize-")


def path(name, content=None):
    name = os.path.join(FOLDER.name, name)
    if content is not None:
        with open(name, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
    return name


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


def call(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}"


def compiled(name, flags=("-g", "-O2"), compiler=CC, build_id="0x" + ID):
    path("sites.c", SITES)
    path("inner.h", INNER)
    call(*compiler.split(), "-std=gnu11", "-fno-omit-frame-pointer", "-I.", "-Iinclude", "-w", *flags,
         f"-Wl,--build-id={build_id}", "-o", path(name), "runtime/lambda/crash.c", path("sites.c"))
    return path(name)


def small(flags=("-gdwarf-5",)):
    """A program of a few kilobytes."""
    path("small.c", SMALL)
    call(*CC.split(), "-O1", "-static", "-nostdlib", "-fno-stack-protector", "-fno-asynchronous-unwind-tables",
         "-Wl,-z,noseparate-code", *flags, f"-Wl,--build-id=0x{ID}", "-o", path("small"), path("small.c"))
    return path("small")


def program_of(handler):
    """Where tests run under a tool, the handler's file is a script that has the program's path."""
    name = os.path.join(HANDLERS, handler)
    with open(name, "rb") as file:
        start = file.read(1000)
    return re.search(rb'"(/[^"]+)" "\$@"', start)[1].decode() if start.startswith(b"#!") else name


def said(program):
    """What a program says of its places: its own crash report, and (address, place, file, line) of each."""
    lines = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout.splitlines()
    sites = [line.split(" ") for line in lines[1:]]
    assert len(sites) == 6, lines
    return lines[0].encode() + b"\n", [(site[0], *site[1:]) for site in sites]


def check_sites(program, symbols=None, lines=True):
    """Each place, as the caller of something; then the crash."""
    crash, sites = said(program)
    for address, place, file, line in sites:
        out = Out(symbols or program, log=report("libc.so.6+0x10", f"bootstrap+0x{address}"))
        expect(out.status, 0, out.err)
        want = (place, file, line) if lines else (place, None, None)
        expect(out.frames(), [("0", "libc.so.6+0x10", None, None), ("1", *want)])
    out = Out(symbols or program, log=crash)
    frames = [(place.split("+")[0], file, line) for _, place, file, line in out.frames()]
    want = [("fault", "sites.c", "102"), ("caller", "sites.c", "106")]
    # A leaf function may do without a frame, and then its caller's is not seen.
    want = [frame if lines else (frame[0], None, None) for frame in want]
    expect(frames[0], want[0], crash.decode())
    assert frames[1] == want[1] or frames[1][0] in ("crash", "main"), frames
    assert any(frame[0] == "main" for frame in frames), frames


def check_way(name, *flags, compiler=CC):
    check_sites(compiled(name, flags, compiler))


# ---- Addresses ----

@test
def a_crash_of_a_handler_is_resolved():
    with open("tests/e2e/handlers/deeds.h", encoding="utf-8") as file:
        line = 1 + [i for i, text in enumerate(file) if "(never + 8) = 1;" in text][0]
    for env in ({}, {"AWS_LAMBDA_LOG_FORMAT": "JSON"}):
        log = serve("matrix", batch(2, r1="null-pointer"), env=env, snapshots=False).stderr.encode()
        out = Out(program_of("matrix"), log=log)
        expect((out.status, out.err), (0, ""))
        expect(out.passed(), log)
        frames = out.frames()
        assert re.fullmatch(r"null_pointer\+0x[0-9a-f]+", frames[0][1]), frames
        expect(frames[0][2:], ("deeds.h", str(line)))
        expect([int(frame[0]) for frame in frames], list(range(len(frames))))
        for name in ("ddbs_process", "ddbs_lambda_main", "main"):
            assert any(frame[1].startswith(name + "+") and frame[2] for frame in frames), (name, frames)
        assert SECRET.encode() not in out.out


@test
def every_standard_and_optimization_is_read():
    for level in ("-O0", "-O2"):
        for standard in ("-gdwarf-3", "-gdwarf-4", "-gdwarf-5"):
            check_way("standards", standard, level)


@test
def programs_of_both_compilers_are_read():
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler):
            check_way("compilers", "-g", "-O2", compiler=compiler)


@test
def programs_at_fixed_and_at_any_addresses_are_read():
    check_way("fixed", "-g", "-O1", "-no-pie", "-fno-pie")
    check_way("anywhere", "-g", "-O1", "-pie", "-fPIE")


@test
def static_programs_are_read():
    path("empty.c", "int main(void) { return 0; }\n")
    link = [*CC.split(), "-static", "-o", path("empty"), path("empty.c")]
    if subprocess.run(link, stderr=subprocess.DEVNULL).returncode:
        return  # this machine has no static C library
    check_way("static", "-g", "-O2", "-static")
    check_way("static-anywhere", "-g", "-O2", "-static-pie", "-fPIE")


@test
def functions_that_the_linker_dropped_are_not_in_the_way():
    flags = ("-g", "-O2", "-ffunction-sections", "-Wl,--gc-sections", "-Wl,-z,noseparate-code")
    check_way("dropped", *flags)
    functions = {name: value for name, value, _ in symbols_of(read("dropped"))}
    assert "nobody_calls_this" not in functions
    # Its lines are still there, for addresses from 0 on, where the start of the program is now.
    frame, = Out(path("dropped"), log=report(f"bootstrap+0x{functions['_init']:x}")).frames()
    assert frame[1] == "_init+0x0" and frame[2] not in ("sites.c", "crash.c"), frame


@test
def compressed_sections_are_read():
    check_way("compressed", "-g", "-O2", "-gz=zlib")


@test
def the_symbols_may_be_in_a_file_of_their_own():
    program = compiled("whole")
    call("objcopy", "--only-keep-debug", program, path("whole.debug"))
    call("strip", program)
    check_sites(program, symbols=path("whole.debug"))


@test
def a_program_without_line_numbers_has_functions():
    program = compiled("no-lines", ["-O2"])
    check_sites(program, lines=False)
    out = Out(program, log=report("bootstrap+0x0"))
    assert "has no line numbers" in out.err, out.err


@test
def what_is_between_functions_is_no_function():
    program = small()
    functions = {name: (value, size) for name, value, size in symbols_of(read("small"))}
    assert {"bare", "first", "second", "nickname", "_start"} == set(functions), functions
    value, size = functions["second"]
    bare, _ = functions["bare"]
    after = max(sum(function) for function in functions.values())
    outside = [0, after, after + 0x1000, 2 ** 64 - 1]
    for address, want in [(value, "second+0x0"), (value + size - 1, f"second+0x{size - 1:x}"), (bare, "bare+0x0"),
                          (bare + 1, "bare+0x1")] + [(address, f"bootstrap+0x{address:x}") for address in outside]:
        expect(Out(program, log=report(f"bootstrap+0x{address:x}")).frames()[0][1], want)
    # Its first byte is of one of its own lines already.
    begin, = [i + 1 for i, text in enumerate(SMALL.split("\n")) if "void second(" in text]
    frame, = Out(program, log=report(f"bootstrap+0x{value:x}")).frames()
    assert frame[2] == "small.c" and begin <= int(frame[3]) <= begin + 3, frame


# ---- Logs ----

@test
def everything_else_is_passed_on_unchanged():
    program = compiled("log")
    crash = report("bootstrap+0x1")
    frame = b"  #0 bootstrap+0x1\n"
    logs = {
        "no newline": (b"a\n" + crash[:-1], b"a\n" + crash + frame),
        "any bytes": (b"\0\xff\r\n\n\n" + crash + b"\x1b[31m\0", b"\0\xff\r\n\n\n" + crash + frame + b"\x1b[31m\0"),
        "a long line": (b"x" * 3000000 + b"\n" + crash + b"y", b"x" * 3000000 + b"\n" + crash + frame + b"y"),
        "a long line with a report": (crash + b"x" * 1500000 + crash, crash + frame + b"x" * 1500000 + crash),
        "a line at the border": (b"x" * (2 ** 20 - 1) + b"\n" + crash, b"x" * (2 ** 20 - 1) + b"\n" + crash + frame),
        "much": ((b"z" * 99 + b"\n") * 30000 + crash, (b"z" * 99 + b"\n") * 30000 + crash + frame),
    }
    for name, (log, want) in logs.items():
        for arguments in ((), ("-",), (path("log.txt", log),), (path("log.gz", gzip.compress(log)),)):
            out = Out(program, *arguments, log=log if arguments in ((), ("-",)) else b"")
            expect((out.status, out.err), (0, ""), name)
            assert out.out == want, f"{name}: {out.out[-200:]!r}"


@test
def several_logs_are_read_in_order():
    first, second = path("1.log", b"one\n"), path("2.log", b"two\n" + report("bootstrap+0x1"))
    expect(Out(compiled("several"), first, second, first).out,
           b"one\ntwo\n" + report("bootstrap+0x1") + b"  #0 bootstrap+0x1\none\n")


@test
def a_report_is_found_in_any_surroundings():
    program = small()
    name = next(f"bootstrap+0x{value:x}" for name, value, _ in symbols_of(read("small")) if name == "second")
    two = ["second+0x0", "libc.so.6+0x3c4d"]
    for log, want in (
            (f"{name} libc.so.6+0x3c4d build-id {ID}", two),
            (f"at {name}; x {name} libc.so.6+0x3c4d build-id {ID} and more", two),
            (f'{{"message":"worker lost; address 0x0; {name} libc.so.6+0x3c4d build-id {ID}"}}', two),
            (f'"{{\\"message\\":\\"lost; address 0x0; {name} libc.so.6+0x3c4d build-id {ID}\\"}}"', two),
            (f"address 0x0; {name} 0x7f00 my own lib.so+0x1 build-id {ID}",
             ["second+0x0", "0x7f00", "my own lib.so+0x1"]),
            (f"address 0x0; {name} build-id {ID}; address 0x0; {name} build-id {ID}", ["second+0x0"] * 2),
            (f"address 0x0; not{name} bootstrap2{name[9:]} boot{name[9:]} {name[10:]} build-id {ID}",
             ["not" + name, "bootstrap2" + name[9:], "boot" + name[9:], name[10:]])):
        out = Out(program, log=log.encode() + b"\n")
        found = re.findall(r"^  #\d+ (.*?)(?: \(\S+\))?$", out.out.decode(), re.M)
        expect((out.status, found), (0, want), log)


@test
def a_log_without_a_report_is_said_to_have_none():
    program = compiled("none")
    for log in (b"", b"hello\n", b"x build-id 0123\n", b"worker lost; address 0x0; build-id 01\n", b" build-id \n",
                b"bootstrap+0x1 bootstrap+0x2\n", b"bootstrap+0xzz build-id 01\n", b"bootstrap+ +0x1 build-id 01\n",
                b"bootstrap+0x11111111111111111 build-id 01\n"):
        out = Out(program, log=log)
        expect((out.status, out.out), (1, log))
        assert "there is no crash report" in out.err, out.err


# ---- The wrong program ----

@test
def a_report_of_another_build_is_not_resolved():
    program = compiled("build")
    other = "ffff456789abcdef"
    log = b"a\n" + report("bootstrap+0x1", build_id=other) * 2 + report("bootstrap+0x2")
    out = Out(program, log=log)
    expect(out.status, 1)
    expect(out.passed(), log)
    expect([frame[1] for frame in out.frames()], ["bootstrap+0x2"])
    expect(out.err, f"ddbstream symbolize: standard input: line 2: the crash is of build id {other}, and {program} has "
                    f"{ID}\n")
    for wrong in (ID[:-1], ID + "0", "none", "f" * 300):
        out = Out(program, log=report("bootstrap+0x1", build_id=wrong))
        expect((out.status, out.frames()), (1, []), wrong)


@test
def without_build_ids_there_is_a_warning():
    program = compiled("no-id", build_id="none")
    out = Out(program, log=report("bootstrap+0x1", build_id="none") * 2)
    expect((out.status, len(out.frames()), out.err.count("warning")), (0, 2, 1), out.err)
    expect(Out(program, log=report("bootstrap+0x1")).status, 1)


@test
def a_stripped_program_is_refused():
    program = compiled("stripped", ["-g", "-O2", "-rdynamic"])  # whose exports stay
    call("strip", program)
    out = Out(program, log=report("bootstrap+0x1"))
    expect((out.status, out.out), (1, b""))
    assert program in out.err and "is stripped" in out.err, out.err


def changed(content, offset, *values):
    return content[:offset] + bytes(values) + content[offset + len(values):]


@test
def what_is_no_program_is_refused():
    content = read_small()
    call(*CC.split(), "-c", "-g", "-o", path("object"), path("small.c"))
    for name, data in (("empty", b""), ("text", b"hello\n" * 100), ("ELF", b"\x7fELF"), ("object", read("object")),
                       ("32 bits", changed(content, 4, 1)), ("big-endian", changed(content, 5, 2)),
                       ("core", changed(content, 16, 4)), ("headers", changed(content, 58, 63, 0)),
                       ("sections", changed(content, 40, *b"\xff" * 8)), ("count", changed(content, 60, 0xff, 0xff))):
        out = Out(path("no-program", data), log=report("bootstrap+0x1"))
        expect((out.status, out.out, out.err.count("\n")), (1, b"", 1), name)
    for name in (path("no-such-file"), FOLDER.name):
        expect(Out(name).status, 2, name)


@test
def the_command_line_is_checked():
    out = Out("--help")
    expect((out.status, out.out[:30]), (0, b"usage: ddbstream symbolize BIN"))
    assert b"Example:" in out.out
    for arguments in ((), ("--what", "x")):
        out = Out(*arguments)
        assert out.status == 2 and "--help" in out.err, out.err
    program = compiled("line")
    for log in (path("no-such-log"), FOLDER.name, path("cut.gz", gzip.compress(bytes(range(256)) * 100)[:-9])):
        out = Out(program, log)
        assert out.status == 2 and log in out.err, out.err


# ---- Damaged programs ----

def sections_of(content):
    """(type, address, offset, size, link) of each section."""
    offset, = struct.unpack_from("<Q", content, 40)
    count, = struct.unpack_from("<H", content, 60)
    for i in range(count):
        _, kind, _, address, at, size, link = struct.unpack_from("<IIQQQQI", content, offset + 64 * i)
        yield kind, address, at, size, link


def symbols_of(content):
    sections = list(sections_of(content))
    for kind, _, at, size, link in sections:
        for i in range(at, at + size, 24) if kind == 2 else ():
            name, info, _, _, value, length = struct.unpack_from("<IBBHQQ", content, i)
            begin = sections[link][2] + name
            if info & 15 == 2:
                yield content[begin:content.index(b"\0", begin)].decode(), value, length


def read_small(*flags):
    small(*flags)
    return read("small")


def damaged(content):
    """Copies, each cut off or with a few bytes changed, most of them where the tables are."""
    for size in range(0, len(content), 64):
        yield content[:size]
    chance = random.Random(7)
    headers, = struct.unpack_from("<Q", content, 40)
    tables = [(0, 64), (headers, len(content) - headers)]
    tables += [(at, size) for kind, address, at, size, _ in sections_of(content) if address == 0 and size and kind != 8]
    for _ in range(240):
        copy = bytearray(content)
        for _ in range(chance.choice((1, 1, 2, 5, 20))):
            at, size = chance.choice(tables)
            copy[at + chance.randrange(size)] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
        yield bytes(copy)
    for size in (16, 64, 100, 4096):
        yield b"\x7fELF\x02\x01\x01" + chance.randbytes(size)


@test
def a_damaged_program_is_no_crash():
    with open(DDBSTREAM, "rb") as file:
        every = 12 if file.read(2) == b"#!" else 1  # a tool that makes each run take a second
    for flags in (("-gdwarf-5",), ("-gdwarf-4",), ("-gdwarf-5", "-gz=zlib")):
        content = read_small(flags)
        begin = min(value for _, value, _ in symbols_of(content))
        log = report(*(f"bootstrap+0x{begin + i:x}" for i in range(0, 64, 3)))
        whole = Out(path("damaged", content), log=log)
        assert whole.status == 0 and any(frame[3] for frame in whole.frames()), whole.out
        for number, copy in enumerate(damaged(content)):
            out = Out(path("damaged", copy), log=log) if number % every == 0 else whole
            assert out.status in (0, 1) and re.fullmatch(rb"[\n -~]*", out.out), out.out


@test
def a_text_that_does_not_end_is_none():
    content = read_small()
    headers, = struct.unpack_from("<Q", content, 40)
    sections = list(sections_of(content))
    names = next(link for kind, _, _, _, link in sections if kind == 2)
    begin = sections[names][2]
    value = next(value for name, value, _ in symbols_of(content) if name == "second")
    cut = content.index(b"\0second\0", begin) + 4 - begin
    copy = changed(content, headers + 64 * names + 32, *struct.pack("<Q", cut))
    expect(Out(path("cut", copy), log=report(f"bootstrap+0x{value:x}")).frames()[0][1], f"bootstrap+0x{value:x}")


@test
def a_note_that_is_cut_is_no_build_id():
    content = read_small()
    for size in (2 ** 32 - 1, 2 ** 31, 9):
        for field in (0, 4):
            copy = changed(content, content.index(b"GNU\0" + bytes.fromhex(ID)) - 12 + field, *struct.pack("<I", size))
            out = Out(path("note", copy), log=report("bootstrap+0x1"))
            expect((out.status, out.err.split()[-1]), (1, "none"), f"{field} {size}")


@test
def a_table_of_lines_that_makes_no_sense_is_none():
    content = read_small()
    value = next(value for name, value, _ in symbols_of(content) if name == "second")
    at = re.search(rb"\x01\x01\x01[\xf0-\xff]\x0e\x0d\x00\x01\x01", content).start()
    # Operations, range, opcodes; version; length of the unit and of its header.
    for field, wrong in ((1, 4), (4, 0), (5, 0), (-8, 6), (-8, 1), (-12, 9), (-9, 1), (-1, 1)):
        out = Out(path("lines", changed(content, at + field, wrong)), log=report(f"bootstrap+0x{value:x}"))
        expect((out.status, out.frames()), (0, [("0", "second+0x0", None, None)]), f"{field}: {wrong}")
        assert "has no line numbers" in out.err, out.err
    many = changed(content, at + 21, *b"\xff" * 8, 0x7f)  # folders
    out = Out(path("lines", many), log=report(f"bootstrap+0x{value:x}"))
    expect((out.status, out.frames()), (0, [("0", "second+0x0", None, None)]))


@test
def a_name_cannot_command_the_screen():
    content = read_small().replace(b"\0second\0", b"\0s\x1b[31\x9b\0").replace(b"small.c", b"sm\x1b\n\xe9.c")
    begin = [value for name, value, _ in symbols_of(content.replace(b"\x9b", b"m")) if name.startswith("s\x1b")][0]
    out = Out(path("names", content), log=report(f"bootstrap+0x{begin:x}"))
    expect(out.status, 0, out.err)
    expect(out.frames()[0][1:3], ("s?[31?+0x0", "sm???.c"))


if __name__ == "__main__":
    raise SystemExit(main())
