#!/usr/bin/env python3
"""package.sh from outside: what it makes starts in an empty root folder, is the same from every folder, and nothing that
would not start on Lambda gets a zip.

test_package.py [--arch x86_64|arm64|both] [--tls] [--quick] [--only TEXT]

What is for another processor runs in its emulator. --tls also builds OpenSSL. The first call builds the libraries (a minute or more); --quick does without what builds or
copies them again, and without all that needs them where their sources cannot be fetched. What is left out is said.
"""
import argparse
import contextlib
import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
SIZE_MAX = 200_000
INVOCATIONS = 100
OPTIONS = argparse.ArgumentParser()
OPTIONS.add_argument("--arch", default=MACHINE)
OPTIONS.add_argument("--tls", action="store_true")
OPTIONS.add_argument("--quick", action="store_true")
OPTIONS.add_argument("--only", help="the tests whose name contains this")
OPTIONS = OPTIONS.parse_args()
OPTIONS.only = OPTIONS.only or ""
TESTS = []

HANDLER = """#include <ddbstream.h>
%s
int main(int argc, char **argv)
{
    %s
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = NULL }, NULL);
}
"""


def test(function):
    TESTS.append(function)
    return function


def expect(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def package(*arguments, root=ROOT, umask=0o022, **environment):
    return subprocess.run([os.path.join(root, "package.sh"), "--arch", OPTIONS.arch, *arguments], capture_output=True,
                          text=True, umask=umask, env={**os.environ, **environment}, timeout=1800, check=False)


def packaged(*arguments, **named):
    """The folder that a package is in; its files begin with NAME-ARCH."""
    out = tempfile.mkdtemp(dir=FOLDER)
    done = package("-o", out, *arguments, **named)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out, done.stdout


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


def components(path):
    """The names in a list of what is in a package."""
    with open(path, encoding="utf-8") as file:
        bom = json.load(file)
    expect((bom["bomFormat"], bom["specVersion"]), ("CycloneDX", "1.5"))
    return {component["name"] for component in bom["components"]}


def folder(name, **files):
    path = os.path.join(tempfile.mkdtemp(dir=FOLDER), name)
    os.makedirs(path)
    for file, content in files.items():
        with open(os.path.join(path, file.replace("_c", ".c")), "w", encoding="utf-8") as out:
            out.write(content)
    return path


def refused(text, *arguments, status=1):
    """No zip, a reason, an exit status that says whether a check failed (1) or it could not be tried (2)."""
    out = tempfile.mkdtemp(dir=FOLDER)
    done = package("-o", out, *arguments)
    assert done.returncode == status, f"exit status {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}"
    assert text in done.stderr, f"{text!r} is not in: {done.stderr[-2000:]}"
    expect(os.listdir(out), [])


# ---- What is made ----

@test
def a_package_is_a_small_zip_its_symbols_and_a_list_of_what_is_in_it():
    out, said = packaged(ROOT + "/examples/orders")
    name = f"orders-{OPTIONS.arch}"
    expect(sorted(os.listdir(out)), sorted([name + ".zip", name + ".debug", name + ".cdx.json"]))
    content = content_of(f"{out}/{name}.zip")
    assert len(content) <= SIZE_MAX, f"{len(content)} bytes zipped, at most {SIZE_MAX}"
    assert hashlib.sha256(content).hexdigest() in said, said
    build_id = re.search(r"build id ([0-9a-f]{40})\n", said).group(1)
    expect(bytes.fromhex(build_id) in content_of(f"{out}/{name}.debug"), True)
    with zipfile.ZipFile(f"{out}/{name}.zip") as opened:
        expect(opened.namelist(), ["bootstrap"])
        expect(bytes.fromhex(build_id) in opened.read("bootstrap"), True)
    for module in ("libc.a", "ddbstream", "orders.o"):
        assert re.search(rf"^ +\d+  {re.escape(module)}$", said, re.MULTILINE), f"no size of {module}: {said}"
    expect(components(f"{out}/{name}.cdx.json"), {"ddbstream", "musl"})  # what is inside, and nothing else: it makes no call of AWS


def empty_root(out, name, files=()):
    """The words that start a packaged program in a root folder with nothing in it but `files`."""
    inside = tempfile.mkdtemp(dir=FOLDER)
    with zipfile.ZipFile(f"{out}/{name}-{OPTIONS.arch}.zip") as opened:
        opened.extract("bootstrap", inside)
    os.chmod(inside + "/bootstrap", 0o755)
    for file in files:
        shutil.copy(file, inside)
    command = ["chroot", inside] if os.getuid() == 0 else ["unshare", "-rR", inside]
    if OPTIONS.arch != MACHINE:
        qemu = "qemu-" + {"arm64": "aarch64"}.get(OPTIONS.arch, OPTIONS.arch) + "-static"
        shutil.copy(shutil.which(qemu), inside + "/emulator")
        command.append("/emulator")
    return [*command, "/bootstrap"]


@contextlib.contextmanager
def served(command, environment, log=subprocess.DEVNULL):
    """`ddbstream serve` with a program behind it: a function that sends an event and gives response and answer."""
    settings = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    with subprocess.Popen([ROOT + "/build/ddbstream", "serve", *settings, "--", *command], stdout=subprocess.PIPE,
                          stderr=log, text=True) as serve:
        port = int(re.search(r":(\d+)", serve.stdout.readline()).group(1))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def invoke(event):
            connection.request("POST", "/2015-03-31/functions/function/invocations", event)
            response = connection.getresponse()
            return response, json.loads(response.read())
        try:
            yield invoke
        finally:
            serve.terminate()
            serve.stdout.close()


@test
def the_program_answers_many_invocations_in_an_empty_root_folder():
    out, _ = packaged(ROOT + "/examples/orders")
    event = content_of(ROOT + "/tests/fixtures/a02-new-image/event.json")
    with served(empty_root(out, "orders"), {"DDBS_REPORT": "items"}) as invoke:
        for number in range(INVOCATIONS):
            response, answer = invoke(event if number % 2 else b'{"Records":[]}')
            expect((number, response.status, response.getheader("X-Amz-Function-Error")), (number, 200, None))
            expect(list(answer), ["batchItemFailures"])


@test
def another_folder_time_zone_and_umask_give_the_same_bytes():
    """The other folder shares only what was downloaded: it builds the libraries again."""
    first, _ = packaged(ROOT + "/examples/orders", TZ="Asia/Tokyo", SOURCE_DATE_EPOCH="1700000000")
    other = os.path.join(tempfile.mkdtemp(dir=FOLDER), "quite", "another-folder")
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout
    for name in files.splitlines():
        if not name.startswith("tests/"):
            os.makedirs(os.path.dirname(os.path.join(other, name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), os.path.join(other, name))
    for shared in ("apt", "download"):
        if os.path.isdir(f"{ROOT}/build/package/{shared}"):
            shutil.copytree(f"{ROOT}/build/package/{shared}", f"{other}/build/package/{shared}")
    second, _ = packaged(other + "/examples/orders", root=other, umask=0o077, TZ="America/Los_Angeles",
                         SOURCE_DATE_EPOCH="1700000000")
    for kind in ("zip", "debug", "cdx.json"):
        name = f"orders-{OPTIONS.arch}.{kind}"
        assert content_of(f"{first}/{name}") == content_of(f"{second}/{name}"), f"{name} differs"
        expect(oct(os.stat(f"{second}/{name}").st_mode & 0o777), "0o644")
    log = content_of(f"{other}/build/package/log/{OPTIONS.arch}-library.log").decode()
    assert "lib/index.c" in log and "warning:" not in log, f"musl: {log[-2000:]}"


@test
def files_and_folders_and_makefile_targets_are_packaged():
    path = folder("handler", main_c=HANDLER % ("int help(void);", "if (help() != 3) return 9;"),
                  helper_c="int help(void); int help(void) { return 3; }",
                  test_main_c="#error a test is no part of the handler",
                  Makefile="started: main.c helper.c\n\t$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)\n")
    out, _ = packaged(path, path + "/main.c", path + "/helper.c", path + ":started")
    expect(sorted(file for file in os.listdir(out) if file.endswith(".zip")),
           sorted(f"{name}-{OPTIONS.arch}.zip" for name in ("handler", "main", "started")))


# ---- What is refused ----

def makefile(recipe, source=HANDLER % ("", "")):
    return folder("bad", main_c=source, Makefile=f"bad: main.c\n\t{recipe}\n") + ":bad"


@test
def a_dynamic_program_is_refused():
    path = folder("bad", Makefile="bad:\n\tcp /bin/sh $@\n")
    refused("is linked dynamically: it asks for the loader", path + ":bad")


@test
def an_executable_stack_is_refused():
    refused("has an executable stack", makefile("$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,execstack -o $@ main.c $(LDLIBS)"))


@test
def memory_that_is_written_and_executed_is_refused():
    refused("both written and executed", makefile("$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--omagic -o $@ main.c $(LDLIBS)"))


@test
def a_program_without_relro_is_refused():
    refused("GNU_RELRO", makefile("$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,norelro -o $@ main.c $(LDLIBS)"))


@test
def a_path_of_this_machine_is_refused():
    path = folder("bad", main_c="#include <stdio.h>\n" + HANDLER % ("", "if (argc < 0) puts(WHERE);"),
                  Makefile='bad: main.c\n\t$(CC) $(CFLAGS) -DWHERE=\'"$(CURDIR)/x"\' $(LDFLAGS) -o $@ $^ $(LDLIBS)\n')
    refused("contains the path " + path, path + ":bad")


@test
def a_program_for_another_processor_is_refused():
    content = bytearray(content_of("/bin/sh"))
    path = folder("bad", Makefile="bad:\n\tcp other $@\n")
    if OPTIONS.arch == MACHINE:
        content[18:20] = b"\xf3\0"
    with open(path + "/other", "wb") as file:
        file.write(content)
    refused("machine number 243" if OPTIONS.arch == MACHINE else f"is for {MACHINE}, not for", path + ":bad")


@test
def a_program_that_does_not_answer_is_refused():
    refused("did not answer an event", folder("exits", main_c=HANDLER % ("", "return 0;")))
    refused("did not answer an event", folder("crashes", main_c=HANDLER % ("", "__builtin_trap();")))
    variable = folder("wants", main_c="#include <stdlib.h>\n" + HANDLER % ("", 'if (!getenv("TABLE")) return 3;'))
    refused("--env", variable)
    packaged("--env", "TABLE=orders", variable)


@test
def a_program_that_needs_files_is_refused():
    opens = HANDLER % ("", 'if (fopen("/etc/passwd", "r") == NULL) return 4;')
    refused("in an empty root folder", folder("opens", main_c="#include <stdio.h>\n" + opens))


@test
def what_cannot_be_packaged_is_said():
    refused("cannot be compiled", folder("broken", main_c="int main(void) { return nothing; }\n"), status=2)
    calls = "int f(void);\nint g(void);\nint curl_easy_init(void);\nint main(void) { return f() + g()%s; }\n"
    for others in ("", " + curl_easy_init()"):  # the second one: without building OpenSSL first
        refused("open cannot be linked; nothing defines f g\n", folder("open", main_c=calls % others), status=2)
    link = "open: main.c\n\t$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)\n"
    refused("open cannot be linked; nothing defines f g\n",
            folder("target", main_c=calls % "", Makefile=link) + ":open", status=2)
    refused("has no *.c files", folder("empty"), status=2)
    refused("there is no", os.path.join(FOLDER, "absent"), status=2)
    refused("which handler?", status=2)
    refused("unknown option", "--nonsense", "x", status=2)
    refused("--arch takes", "--arch", "i386", "x", status=2)
    refused("--runtime takes", "--runtime", "al1", "x", status=2)
    refused("made no file", folder("idle", Makefile="idle:\n\ttrue\n") + ":idle", status=2)


@test
def a_tarball_that_is_not_the_pinned_one_is_refused():
    tarballs = tempfile.mkdtemp(dir=FOLDER)
    refused("no tarball of musl", "--sources", tarballs, ROOT + "/examples/orders", status=2)
    with open(tarballs + "/musl-1.2.6.tar.gz", "wb") as file:
        file.write(b"something else")
    refused("its sha256 differs", "--sources", tarballs, ROOT + "/examples/orders", status=2)


# ---- Where sources come from ----

def sources(script, **programs):
    """Runs a script in which the functions of sources.sh are known; `programs` stand in for those of the machine."""
    folder_of_programs = tempfile.mkdtemp(dir=FOLDER)
    for name, content in programs.items():
        path = os.path.join(folder_of_programs, name.replace("_", "-"))
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + content)
        os.chmod(path, 0o755)
    prelude = (f'set -eu; cache={folder_of_programs}/cache; mkdir "$cache"; warn() {{ echo "warning: $1"; }}; '
               f'fail() {{ echo "failed: $1"; exit 2; }}; . {ROOT}/runtime/package/sources.sh; ')
    done = subprocess.run(["sh", "-c", prelude + script], capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "PATH": folder_of_programs + ":" + os.environ["PATH"]})
    return done.stdout.splitlines()


@test
def a_version_that_the_index_names_but_the_server_lacks_is_passed_over():
    stand_ins = ('apt_versions() { echo 3; echo 2; echo 1; }; apt_download() { mkdir -p "$cache/asked/$2"; '
                 '[ "$2" = 1 ]; }; apt_unpack() { mkdir -p "$cache/source/$1-$2"; }; ')
    said = sources(stand_ins + 'apt_find curl; echo "$VERSION $SOURCE"; ls "$cache/asked" | wc -l; '
                               'rm -r "$cache/asked"; apt_find curl; echo "$VERSION"; ls "$cache/asked" 2>&1 | wc -l')
    expect([line.split(",")[0] for line in said[:2]], ["warning: the index names curl 3", "warning: the index names curl 2"])
    assert said[2].startswith("1 ") and said[2].endswith("/source/curl-1"), said
    expect((said[3].strip(), said[4]), ("3", "1"))  # and what is not there is asked for once a day
    (last,) = sources("apt_versions() { :; }; apt_find curl")
    assert last.startswith("failed: no source package of curl"), last


@test
def sources_are_asked_for_where_the_system_has_its_own_packages_from():
    with open("/etc/os-release", encoding="utf-8") as file:
        distribution = re.search(r'^ID="?(\w+)', file.read(), re.MULTILINE).group(1)
    own = distribution.capitalize()
    listed = (f"mirror:/d/ suite main {own}", f"mirror:/d/ suite main {own}", f"mirror:/d/ suite-backports main {own}",
              f"mirror:/s/ suite-security main {own}", "mirror:/else/ stable main Somebody", "mirror:/new/ suite main ")
    lines = sources("apt_lines", apt_get="".join(f"echo '{line}'\n" for line in listed))
    expect([re.sub(r"\[.*\] ", "", line) for line in lines],
           ["deb-src mirror:/d/ suite main", "deb-src mirror:/s/ suite-security main", "deb-src mirror:/new/ suite main"])


# ---- sam build ----

def tree_like_sam_s(name):
    """A copy of this tree with its cache, as sam makes one of CodeUri."""
    other = os.path.join(tempfile.mkdtemp(dir=FOLDER), name)
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout
    for file in files.splitlines():
        if not file.startswith("tests/") and os.path.exists(os.path.join(ROOT, file)):
            os.makedirs(os.path.dirname(os.path.join(other, file)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, file), os.path.join(other, file))
    return other


@test
def sam_build_gets_one_program_from_a_copy_of_the_tree():
    packaged(ROOT + "/examples/orders")  # so that there is a cache to copy
    other = tree_like_sam_s("scratch")
    shutil.copytree(ROOT + "/build/package", other + "/build/package", symlinks=True)
    cached = sorted(os.listdir(f"{other}/build/package/{OPTIONS.arch}"))
    artifacts = tempfile.mkdtemp(dir=FOLDER)
    done = subprocess.run(["make", "build-Orders"], cwd=other, capture_output=True, text=True, timeout=1800, check=False,
                          env={**os.environ, "ARTIFACTS_DIR": artifacts, "SAM_ARCH": OPTIONS.arch})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    expect(os.listdir(artifacts), ["bootstrap"])
    expect(oct(os.stat(artifacts + "/bootstrap").st_mode & 0o777), "0o755")
    expect(content_of(artifacts + "/bootstrap")[18], {"x86_64": 62, "arm64": 183}[OPTIONS.arch])
    expect(sorted(os.listdir(f"{other}/build/package/{OPTIONS.arch}")), cached)  # the copied libraries were good enough
    out, _ = packaged(ROOT + "/examples/orders")
    with zipfile.ZipFile(f"{out}/orders-{OPTIONS.arch}.zip") as opened:
        expect(opened.read("bootstrap") == content_of(artifacts + "/bootstrap"), True)


@test
def sam_build_takes_the_architecture_from_the_template():
    other = tree_like_sam_s("asked")
    with open(other + "/package.sh", "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\necho "asked: $*"\n')

    def asked(target, **environment):
        done = subprocess.run(["make", "--no-print-directory", target], cwd=other, capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, **environment})
        return done.returncode, done.stdout + done.stderr
    status, said = asked("build-Orders", ARTIFACTS_DIR="/a")
    expect((status, said), (0, f"asked: --arch arm64 --bootstrap /a {other}/examples/orders\n"))
    status, said = asked("build-Orders", ARTIFACTS_DIR="/a", SAM_ARCH="x86_64")
    assert "--arch x86_64" in said, said
    template = other + "/examples/orders/deploy/template.yaml"
    with open(template, encoding="utf-8") as file:
        text = file.read().replace("      Architectures: [arm64]\n", "")
    with open(template, "w", encoding="utf-8") as file:
        file.write(text)
    status, said = asked("build-Orders", ARTIFACTS_DIR="/a")
    assert "--arch x86_64" in said, said  # Lambda's default
    for target, environment, words in (("build-Orders", {}, "ARTIFACTS_DIR is not set"),
                                       ("build-Nothing", {"ARTIFACTS_DIR": "/a"}, "no folder examples/nothing")):
        status, said = asked(target, **environment)
        assert status != 0 and words in said, said


# ---- TLS ----

# An order that is placed: a message to a topic and one to a queue.
PLACED = json.dumps({"Records": [
    {"eventID": "1", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": "eu-west-1",
     "eventSourceARN": "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-10-19T00:00:00.000",
     "dynamodb": {"Keys": {"OrderId": {"S": "o-1"}}, "SequenceNumber": "100000000000000000000001", "SizeBytes": 3,
                  "NewImage": {"OrderId": {"S": "o-1"}, "Status": {"S": "PLACED"}, "Total": {"N": "12.50"}},
                  "StreamViewType": "NEW_IMAGE"}}]})
FANOUT = {"AWS_REGION": "eu-west-1", "DDBS_REPORT": "items",
          "QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/orders.fifo",
          **{f"TOPIC_{name}": f"arn:aws:sns:eu-west-1:111122223333:{name.lower()}.fifo"
             for name in ("PLACED", "LARGE", "SHIPPED", "CANCELLED")}}


def answer_and_log(command, environment):
    """What becomes of PLACED, and what the program says meanwhile."""
    with tempfile.TemporaryFile("w+") as log:
        with served(command, {"AWS_CA_BUNDLE": "", "SSL_CERT_FILE": "", **environment}, log) as invoke:
            answer = invoke(PLACED)[1]
        log.seek(0)
        return answer, log.read()


@test
def a_tls_package_trusts_its_bundle_and_amazon_and_nobody_else():
    sys.path[:0] = [ROOT + "/tests/e2e", ROOT + "/tests/awsfake"]
    from awsfake import AwsFake  # pylint: disable=import-outside-toplevel
    from certificates import Authority  # pylint: disable=import-outside-toplevel
    ours, other = Authority(FOLDER, "ours-" + OPTIONS.arch), Authority(FOLDER, "other-" + OPTIONS.arch)
    options = [word for name, value in FANOUT.items() for word in ("--env", f"{name}={value}")]
    # No file of certificates is in the empty root folder of the smoke test: it starts with those that are linked in.
    out, said = packaged(*options, ROOT + "/examples/fanout")
    assert "HTTP and TLS" in said, said
    command = empty_root(out, "fanout", [ours.bundle, other.bundle])
    trusted, stranger = "/" + os.path.basename(ours.bundle), "/" + os.path.basename(other.bundle)
    for server, bundle, stored, words in (
            (ours.server(), {"AWS_CA_BUNDLE": trusted}, True, ""),
            (ours.server("DNS:elsewhere.example"), {"AWS_CA_BUNDLE": trusted}, False, "matches target host name"),
            (ours.server(), {"AWS_CA_BUNDLE": stranger}, False, f"(trusted: {stranger})"),
            (ours.server(), {}, False, "(trusted: the roots of Amazon that are linked in)")):
        with AwsFake(tls=server) as fake:  # it refuses what is not signed as AWS wants it
            answer, said = answer_and_log(command, {**FANOUT, **fake.environment(), **bundle})
        assert words in said, said
        expect((answer["batchItemFailures"] == [], len(fake.requests)), (stored, 2 if stored else 0))


# Without aws.h: it posts to somebody's web hook.
CURL_HANDLER = HANDLER % ("""#include <curl/curl.h>
static int secure(void)
{
    return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_SSL) != 0;
}""", "if (!secure()) return 5;")


@test
def a_program_that_calls_libcurl_itself_gets_it_with_openssl():
    path = folder("caller", main_c=CURL_HANDLER,
                  Makefile="target: main.c\n\t$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)\n")
    for handler, name in ((path, "caller"), (path + ":target", "target")):
        out, said = packaged(handler)
        assert "HTTP and TLS" in said, said
        expect(components(f"{out}/{name}-{OPTIONS.arch}.cdx.json") >= {"curl", "openssl"}, True)


NEED_NO_SOURCES = (a_tarball_that_is_not_the_pinned_one_is_refused, sam_build_takes_the_architecture_from_the_template,
                   a_version_that_the_index_names_but_the_server_lacks_is_passed_over,
                   sources_are_asked_for_where_the_system_has_its_own_packages_from)
BUILD_AGAIN = (another_folder_time_zone_and_umask_give_the_same_bytes, sam_build_gets_one_program_from_a_copy_of_the_tree)
NEED_OPENSSL = (a_program_that_calls_libcurl_itself_gets_it_with_openssl, a_tls_package_trusts_its_bundle_and_amazon_and_nobody_else)


def why_not(function, sources_lack):
    """Why a test is left out; None: it is not."""
    if function in NEED_OPENSSL and not OPTIONS.tls:
        return "--tls"
    if function in BUILD_AGAIN and OPTIONS.quick:
        return "--quick"
    if sources_lack and function not in NEED_NO_SOURCES:
        return "no sources of the libraries can be fetched here"
    return None


def sources_lack():
    """Whether nothing can be packaged for want of sources; only a quick run may go on without."""
    if not OPTIONS.quick:
        return False
    done = package("-o", tempfile.mkdtemp(dir=FOLDER), ROOT + "/examples/orders")
    return done.returncode == 2 and "could be fetched" in done.stderr


def run_all():
    """How many fail, for one architecture."""
    failed, lack = 0, sources_lack()
    for function in TESTS:
        name = function.__name__.replace("_", " ")
        if OPTIONS.only not in name:
            continue
        reason = why_not(function, lack)
        if reason is not None:
            print(f"# not run: {name} ({reason})", flush=True)
            continue
        try:
            function()
            print(f"ok - {OPTIONS.arch}: {name}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc()
            print(f"not ok - {OPTIONS.arch}: {name}: {error}", flush=True)
    return failed


def main():
    failed = 0
    for arch in ("x86_64", "arm64") if OPTIONS.arch == "both" else (OPTIONS.arch,):
        OPTIONS.arch = arch
        failed += run_all()
    return 1 if failed else 0


with tempfile.TemporaryDirectory() as FOLDER:
    sys.exit(main())
