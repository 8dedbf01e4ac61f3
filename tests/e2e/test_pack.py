#!/usr/bin/env python3
"""`pack`, which package.sh checks programs and writes zips with: every check refuses a bad file and takes a good one.

test_pack.py [BUILD FOLDER]

The programs are written here byte by byte, so that each is wrong in one thing only.
"""
import gzip
import os
import struct
import subprocess
import sys
import tempfile
import traceback
import zipfile
import zlib

BIN = sys.argv[1] if len(sys.argv) > 1 else "build"
PACK = os.path.join(BIN, "package", "pack")
X86_64, AARCH64, RISCV = 62, 183, 243
LOAD, DYNAMIC, INTERP, STACK, RELRO = 1, 2, 3, 0x6474E551, 0x6474E552
X, W, R = 1, 2, 4
NOTE = struct.pack("<III4s20s", 4, 20, 3, b"GNU\0", bytes(range(20)))
BUILD_ID = bytes(range(20)).hex()
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def expect(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


# ---- Programs ----

GOOD = ((LOAD, R, b""), (LOAD, R | X, b"\xc3" * 64), (LOAD, R | W, b"\0" * 64), (STACK, R | W, b""), (RELRO, R, b""))


def elf(segments=GOOD, machine=X86_64, kind=3, note=NOTE, symbols=False, extra=b""):
    """An ELF file: header, program headers, their contents, a note, section headers."""
    at = 64 + 56 * len(segments)
    headers = contents = b""
    for segment, flags, content in segments:
        headers += struct.pack("<IIQQQQQQ", segment, flags, at + len(contents), 0, 0, len(content), len(content), 8)
        contents += content + b"\0" * (-len(content) % 8)
    body = headers + contents + extra + b"\0" * (-len(extra) % 8)
    note_at = 64 + len(body)
    body += note + b"\0" * (-len(note) % 8)
    sections = [struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                struct.pack("<IIQQQQIIQQ", 0, 7, 0, 0, note_at, len(note), 0, 0, 4, 0)]
    if symbols:
        sections.append(struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, note_at, 24, 0, 0, 8, 24))
    header = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, kind, machine, 1, 0, 64, 64 + len(body), 0, 64,
                         56, len(segments), 64, len(sections), 0)
    return header + body + b"".join(sections)


def pack(*arguments, **environment):
    return subprocess.run([PACK, *arguments], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment}, check=False)


def written(content, name="bootstrap"):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def refused(content, *texts, options=("--arch", "x86_64"), status=1):
    """`check` must say all of the texts, and nothing else."""
    done = pack("check", *options, written(content))
    lines = done.stderr.splitlines()
    expect((done.returncode, done.stdout, len(lines)), (status, "", len(texts)))
    for line, text in zip(lines, texts):
        assert text in line and line.startswith(FOLDER), line


# ---- check ----

@test
def a_good_program_is_taken_for_its_architecture_only():
    expect(pack("check", "--arch", "x86_64", written(elf())).returncode, 0)
    expect(pack("check", "--arch", "arm64", written(elf(machine=AARCH64))).returncode, 0)
    expect(pack("check", written(elf(machine=AARCH64))).returncode, 0)
    refused(elf(machine=AARCH64), "is for arm64, not for x86_64")
    refused(elf(), "is for x86_64, not for arm64", options=("--arch", "arm64"))
    refused(elf(machine=RISCV), "machine number 243", options=())


@test
def a_program_that_asks_for_a_loader_is_refused():
    refused(elf(GOOD + ((INTERP, R, b"/lib/ld-musl-x86_64.so.1\0"),)), "the loader /lib/ld-musl-x86_64.so.1")
    refused(elf(GOOD + ((INTERP, R, b"/lib/\x1b[31m" + b"x" * 90),)), "the loader /lib/?[31mxxx")


@test
def a_program_that_needs_libraries_is_refused():
    entries = [(5, 0), (1, 17), (1, 30), (0, 0), (1, 99)]
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    refused(elf(GOOD + ((DYNAMIC, R | W, dynamic),)), "needs 2 shared libraries")
    none = b"".join(struct.pack("<qQ", *entry) for entry in [(5, 0), (0, 0)])
    expect(pack("check", written(elf(GOOD + ((DYNAMIC, R | W, none),)))).returncode, 0)


@test
def memory_that_is_written_and_executed_is_refused():
    refused(elf(GOOD + ((LOAD, R | W | X, b"\0" * 8),)), "both written and executed (segment 5)")


@test
def a_stack_that_is_executable_or_may_be_is_refused():
    others = tuple(segment for segment in GOOD if segment[0] != STACK)
    refused(elf(others + ((STACK, R | W | X, b""),)), "an executable stack")
    refused(elf(others), "no GNU_STACK")


@test
def a_program_without_relro_is_refused():
    refused(elf(tuple(segment for segment in GOOD if segment[0] != RELRO)), "GNU_RELRO")


@test
def a_path_of_the_building_machine_is_refused():
    folder = "/home/someone/project"
    options = ("--forbid", folder, "--forbid", "/srv/other")
    refused(elf(extra=b"at " + folder.encode() + b"/handler.c"), f"contains the path {folder} ", options=options)
    refused(elf(note=NOTE + folder.encode()), f"contains the path {folder} ", options=options)
    expect(pack("check", *options, written(elf(extra=folder[:-1].encode()))).returncode, 0)


@test
def a_program_that_is_too_large_is_refused():
    content = elf(extra=b"x" * 1000)
    refused(content, f"has {len(content)} bytes; at most {len(content) - 1}", options=("--limit", str(len(content) - 1)))
    expect(pack("check", "--limit", str(len(content)), written(content)).returncode, 0)


@test
def symbols_and_a_missing_build_id_are_refused():
    refused(elf(symbols=True), "is not stripped")
    refused(elf(note=b""), "has no build id")


@test
def several_things_are_all_named():
    refused(elf(((LOAD, R | W | X, b"\0" * 8),), machine=AARCH64), "not for x86_64", "written and executed", "GNU_STACK",
            "GNU_RELRO")


@test
def what_is_no_program_is_refused():
    refused(b"#!/bin/sh\nexit 0\n", "is no ELF file")
    refused(elf(kind=1), "is no linked program")
    refused(b"", "is no ELF file")
    refused(gzip.compress(elf()), "is compressed")
    many = bytearray(elf())
    many[56:58] = struct.pack("<H", 65)
    refused(bytes(many), "no program headers that can be read")


@test
def no_damaged_program_does_harm():
    """Cut anywhere, and with every byte of the headers changed: refused or taken, never a crash."""
    content = elf(GOOD + ((INTERP, R, b"/lib/ld.so\0"), (DYNAMIC, R, struct.pack("<qQ", 1, 1) * 3)))
    damaged = [content[:length] for length in range(0, len(content), 7)]
    damaged += [content[:at] + b"\xff" + content[at + 1:] for at in range(0, 64 + 56 * 7, 3)]
    for one in damaged:
        status = pack("check", written(one)).returncode
        assert status in (0, 1), f"exit status {status}"


# ---- zip and verify ----

CONTENT = b"\x7fELF and so on " * 5000


def zipped(content=CONTENT, **environment):
    program, path = written(content), os.path.join(FOLDER, "out.zip")
    done = pack("zip", program, path, **environment)
    expect((done.returncode, done.stderr), (0, ""))
    with open(path, "rb") as file:
        return file.read()


@test
def the_zip_holds_bootstrap_with_its_mode_and_nothing_else():
    content = zipped()
    path = written(content, "out.zip")
    with zipfile.ZipFile(path) as opened:
        expect(opened.testzip(), None)
        (entry,) = opened.infolist()
        expect(opened.read(entry), CONTENT)
        expect(opened.comment, b"")
    expect((entry.filename, entry.external_attr >> 16, entry.create_system), ("bootstrap", 0o100755, 3))
    expect((entry.extra, entry.comment, entry.flag_bits, entry.compress_type), (b"", b"", 0, zipfile.ZIP_DEFLATED))
    expect(entry.date_time, (1980, 1, 1, 0, 0, 0))
    expect(pack("verify", path, written(CONTENT)).returncode, 0)


@test
def the_zip_depends_on_content_and_given_time_only():
    first = zipped(TZ="Asia/Tokyo")
    os.utime(os.path.join(FOLDER, "bootstrap"), (1, 1))
    expect(zipped(TZ="America/Los_Angeles"), first)
    given = zipped(TZ="Asia/Tokyo", SOURCE_DATE_EPOCH="1700000001")
    expect(zipped(TZ="UTC", SOURCE_DATE_EPOCH="1700000001"), given)
    with zipfile.ZipFile(written(given, "out.zip")) as opened:
        expect(opened.infolist()[0].date_time, (2023, 11, 14, 22, 13, 20))
    for beyond, year in (("0", 1980), ("99999999999", 2107)):
        with zipfile.ZipFile(written(zipped(SOURCE_DATE_EPOCH=beyond), "out.zip")) as opened:
            expect(opened.infolist()[0].date_time[0], year)
    expect(pack("zip", written(CONTENT), os.path.join(FOLDER, "x"), SOURCE_DATE_EPOCH="today").returncode, 2)


def archive(entries, comment=b""):
    path = os.path.join(FOLDER, "made.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.comment = comment
        for name, mode, extra, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.extra, entry.compress_type = mode << 16, extra, zipfile.ZIP_DEFLATED
            out.writestr(entry, content)
    return path


@test
def another_zip_is_refused():
    mode, extra = 0o100755, struct.pack("<HHI", 0x5455, 4, 0)
    program = written(CONTENT)
    expect(pack("verify", archive([("bootstrap", mode, b"", CONTENT)]), program).returncode, 0)
    for entries, comment, text in [
            ([("bootstrap", mode, b"", CONTENT), ("notes.txt", mode, b"", b"x")], b"", "exactly one entry"),
            ([("Bootstrap", mode, b"", CONTENT)], b"", "entry named bootstrap"),
            ([("bin/bootstrap", mode, b"", CONTENT)], b"", "another name"),
            ([("bootstrap", 0o100644, b"", CONTENT)], b"", "mode 0755"),
            ([("bootstrap", mode, extra, CONTENT)], b"", "extra fields"),
            ([("bootstrap", mode, b"", CONTENT)], b"hello", "comment"),
            ([("bootstrap", mode, b"", CONTENT[1:])], b"", "not hold the program")]:
        done = pack("verify", archive(entries, comment), program)
        expect((done.returncode, len(done.stderr.splitlines())), (1, 1))
        assert text in done.stderr, done.stderr


@test
def a_zip_that_was_changed_anywhere_is_refused():
    content, program = zipped(CONTENT[:700]), written(CONTENT[:700])
    padding = len(content) - 22 - 55 - 1  # bits behind the end of the deflated stream, in its last byte
    for at in range(len(content)):
        path = written(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1:], "changed.zip")
        assert pack("verify", path, program).returncode == 1 or at == padding, f"byte {at} may be anything"
    for length in range(0, len(content), 5):
        expect(pack("verify", written(content[:length], "changed.zip"), program).returncode, 1)


@test
def a_zip_with_bytes_between_is_refused():
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    content, program = zipped(), written(CONTENT)
    assert raw.compress(b"") == b""
    end = len(content) - 22 - 55
    moved = content[:end] + b"stowaway" + content[end:-22] + content[-22:-6] + struct.pack("<I", end + 8) + b"\0\0"
    done = pack("verify", written(moved, "moved.zip"), program)
    expect((done.returncode, "bytes that belong to no entry" in done.stderr), (1, True))


# ---- The rest ----

@test
def the_build_id_is_printed():
    done = pack("id", written(elf()))
    expect((done.returncode, done.stdout), (0, BUILD_ID + "\n"))


@test
def a_wrong_command_line_is_refused():
    program = written(elf())
    for arguments in ([], ["nonsense"], ["check"], ["check", "--arch"], ["check", "--limit", "x", program],
                      ["check", "--forbid", "/", program], ["zip", program], ["invoke", "http://127.0.0.1:1/"]):
        done = pack(*arguments)
        expect((arguments, done.returncode), (arguments, 2))
        assert "usage: pack" in done.stderr, done.stderr
    expect(pack("check", os.path.join(FOLDER, "absent")).returncode, 2)
    expect(pack("zip", os.path.join(FOLDER, "absent"), os.path.join(FOLDER, "x")).returncode, 2)
    expect(pack("invoke", "http://127.0.0.1:1/", program).returncode, 2)


def main():
    failed = 0
    for function in TESTS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok - {name}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc()
            print(f"not ok - {name}: {error}", flush=True)
    return 1 if failed else 0


with tempfile.TemporaryDirectory() as FOLDER:
    sys.exit(main())
