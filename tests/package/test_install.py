#!/usr/bin/env python3
"""`make install`: a program outside of the tree builds with what pkg-config says, in C and in C++; uninstall leaves nothing.

test_install.py
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = []

C = r"""
#include <ddbstream.h>
static ddbs_status placed(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str id;
    (void)ctx;
    return ddbs_get(rec->keys, "Id", &id) == DDBS_E_TYPE ? DDBS_OK : DDBS_E_HANDLER;
}
int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_insert = placed }, NULL);
}
"""
CXX = r"""
#include <ddbstream.h>
static ddbs_status placed(ddbs_ctx *, const ddbs_record *rec)
{
    ddbs_str id;
    return ddbs_get(rec->keys, "Id", &id) == DDBS_E_TYPE ? DDBS_OK : DDBS_E_HANDLER;
}
int main(int argc, char **argv)
{
    ddbs_consumer consumer = {};
    consumer.on_insert = placed;
    return ddbs_lambda_main(argc, argv, &consumer, nullptr);
}
"""
EVENT = ('{"Records":[{"eventName":"INSERT","eventSource":"aws:dynamodb",'
         '"dynamodb":{"SequenceNumber":"111","Keys":{"Id":{"N":"1"}}}}]}')


def test(function):
    TESTS.append(function)
    return function


def expect(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **options)
    assert done.returncode == 0, f"{command}: exit status {done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    return done.stdout


def make(*arguments):
    return run("make", "--no-print-directory", "-C", ROOT, *arguments)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, names in os.walk(folder) for name in names)


def pkg_config(*arguments):
    environment = {**os.environ, "PKG_CONFIG_PATH": PREFIX + "/lib/pkgconfig"}
    return run("pkg-config", *arguments, "ddbstream", env=environment).split()


def builds_and_runs(compiler, name, source, *more):
    outside = tempfile.mkdtemp(dir=FOLDER)
    with open(f"{outside}/{name}", "w", encoding="utf-8") as file:
        file.write(source)
    run(*compiler, "-Wall", "-Wextra", "-Werror", name, *more, "-o", "bootstrap", cwd=outside)
    environment = {**os.environ, "LD_LIBRARY_PATH": PREFIX + "/lib"}
    answer = run(outside + "/bootstrap", "--event", "-", input=EVENT, env=environment)
    expect(answer.strip(), '{"batchItemFailures":[]}')


@test
def a_program_outside_builds_with_pkg_config_alone():
    flags = pkg_config("--cflags", "--libs")
    builds_and_runs(["cc", "-std=c11"], "main.c", C, *flags)
    builds_and_runs(["g++", "-std=c++17"], "main.cc", CXX, *flags)


@test
def the_static_library_needs_what_pkg_config_names():
    flags = [f"-l:libddbstream.a" if flag == "-lddbstream" else flag for flag in pkg_config("--cflags", "--libs", "--static")]
    builds_and_runs(["cc", "-std=c11"], "main.c", C, *flags)


@test
def pkg_config_says_the_version_of_the_header():
    with open(ROOT + "/include/ddbstream/base.h", encoding="utf-8") as file:
        version = re.search(r'DDBS_VERSION +"(.*)"', file.read()).group(1)
    expect(pkg_config("--modversion"), [version])
    expect(run(PREFIX + "/bin/ddbstream", "--version"), f"ddbstream {version}\n")


@test
def the_shared_library_has_its_name_and_exports_the_public_functions_only():
    library = PREFIX + "/lib/libddbstream.so"
    dynamic = run("readelf", "-dW", library)
    name = re.search(r"SONAME.*\[(.*)\]", dynamic).group(1)
    assert re.fullmatch(r"libddbstream\.so\.\d+\.\d+", name), name
    assert os.path.exists(f"{PREFIX}/lib/{name}"), name
    exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    headers = ""
    for path, _, names in os.walk(PREFIX + "/include"):
        for header in names:
            with open(os.path.join(path, header), encoding="utf-8") as file:
                headers += file.read()
    strangers = {symbol for symbol in exported if not re.search(rf"\b{symbol}\(", headers)}
    expect(strangers, set())
    assert {"ddbs_lambda_main", "ddbs_bind", "ddbs_process"} <= exported, exported


@test
def every_command_and_the_main_functions_have_a_manual_page():
    listed = run(PREFIX + "/bin/ddbstream", "--help").split("Example:")[0]
    commands = re.findall(r"^  ([a-z]+) +\w", listed, re.MULTILINE)
    assert len(commands) >= 6, commands
    for command in commands:
        with open(f"{PREFIX}/share/man/man1/ddbstream-{command}.1", encoding="utf-8") as file:
            page = file.read().replace("\\-", "-")
        options = re.findall(r"--[a-z-]+", run(PREFIX + "/bin/ddbstream", command, "--help"))
        assert all(option in page for option in options), command
    for function in ("ddbs_lambda_main", "ddbs_bind", "ddbs_get", "ddbs_get_path", "ddbs_fail", "ddbs_process",
                     "ddbs_event_parse", "ddbs_park", "ddbs_ctx_commit", "ddbs_log", "ddbs_diff_record", "ddbs_num_i64"):
        with open(f"{PREFIX}/share/man/man3/{function}.3", encoding="utf-8") as file:
            page = file.read()
        if page.startswith(".so "):
            continue
        for part in (".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", "#include <ddbstream"):
            assert part in page, f"{function}: no {part}"
        assert function in page.split(".SH SYNOPSIS")[1], function


@test
def the_manual_pages_are_well_formed():
    """Every page that another one points to exists; man itself has nothing to complain about, where there is one."""
    pages = [name for name in files_below(PREFIX + "/share/man")]
    for name in pages:
        with open(f"{PREFIX}/share/man/{name}", encoding="utf-8") as file:
            content = file.read()
        if content.startswith(".so "):
            assert content[4:].strip() in pages, name
        else:
            assert content.startswith(".TH "), name
    if shutil.which("man") and shutil.which("groff"):
        for name in pages[::7]:
            done = subprocess.run(["man", "--warnings=w", "-l", f"{PREFIX}/share/man/{name}"], capture_output=True,
                                  text=True, cwd=PREFIX + "/share/man", check=False,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "120"})
            expect((name, done.returncode, done.stderr), (name, 0, ""))


@test
def bash_completes_commands_and_options():
    def completed(*words):
        script = (f'source {PREFIX}/share/bash-completion/completions/ddbstream; COMP_WORDS=("$@"); '
                  'COMP_CWORD=$(($# - 1)); _ddbstream; printf "%s\\n" "${COMPREPLY[@]}"')
        return run("bash", "-c", script, "bash", PREFIX + "/bin/ddbstream", *words).split()
    expect(completed("de"), ["decode"])
    expect(completed("help", "sy"), ["symbolize"])
    expect(completed("decode", "--ty"), ["--typed"])
    assert {"--esm", "--source", "--quiet"} <= set(completed("run", "--")), completed("run", "--")


@test
def destdir_is_put_before_every_path():
    staging = tempfile.mkdtemp(dir=FOLDER)
    make("install", "DESTDIR=" + staging, "PREFIX=/opt/x")
    expect(files_below(staging + "/opt/x"), files_below(PREFIX))
    with open(staging + "/opt/x/lib/pkgconfig/ddbstream.pc", encoding="utf-8") as file:
        assert staging not in file.read()
    make("uninstall", "DESTDIR=" + staging, "PREFIX=/opt/x")
    expect(files_below(staging), [])


@test
def a_debian_package_holds_the_same():
    if shutil.which("dpkg-deb") is None:
        print("# not run: dpkg-deb absent")
        return
    made = make("deb")
    path = os.path.join(ROOT, re.search(r"(build/ddbstream_\S+\.deb)", made).group(1))
    held = {line.split()[5].lstrip(".") for line in run("dpkg-deb", "-c", path).splitlines()}
    for name in ("/usr/bin/ddbstream", "/usr/include/ddbstream.h", "/usr/share/man/man1/ddbstream.1.gz",
                 "/usr/share/doc/ddbstream/copyright"):
        assert name in held, name
    assert any(name.endswith("/pkgconfig/ddbstream.pc") for name in held)
    assert "libc6" in run("dpkg-deb", "-f", path, "Depends"), "no dependencies"
    owners = {line.split()[1] for line in run("dpkg-deb", "-c", path).splitlines()}
    expect(owners, {"root/root"})


@test
def uninstall_leaves_nothing_but_what_was_there():
    os.makedirs(PREFIX + "/include", exist_ok=True)
    with open(PREFIX + "/include/other.h", "w", encoding="utf-8"):
        pass
    make("uninstall", "PREFIX=" + PREFIX)
    expect(files_below(PREFIX), ["include/other.h"])


def main():
    failed = 0
    make("install", "PREFIX=" + PREFIX)
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
    PREFIX = FOLDER + "/prefix"
    sys.exit(main())
