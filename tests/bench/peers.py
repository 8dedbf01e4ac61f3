#!/usr/bin/env python3
"""The peers of the benchmark: how each is built, started, and which version it is.

peers.py --install BUILD     install the npm packages into BUILD/bench/npm (part of `make bench-deps`)

A peer that cannot be built or started here is missing, with the reason; nothing is guessed for it.
"""
import functools
import json
import os
import platform
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "peers")
LOOP = os.path.join(HERE, "loop")
X86 = platform.machine() == "x86_64"
REGISTRY = "/usr/share/cargo/registry"  # where Debian's librust-*-dev put their sources


class Missing(Exception):
    """Why a peer is not here."""


def run(command, **more):
    """The output of a command that must succeed."""
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if process.returncode != 0:
        raise Missing(f"{' '.join(command[:4])} ...: {process.stdout.strip()[-300:]}")
    return process.stdout


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")


def newest(*paths):
    return max(os.path.getmtime(path) for path in paths)


def package_version(name):
    """Of a Debian package; None elsewhere."""
    if shutil.which("dpkg-query") is None:
        return None
    process = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    return process.stdout.strip() or None


def first_line(*command):
    return run(list(command)).splitlines()[0].strip()


class Place:
    """Where things are built."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.bench = os.path.join(self.build, "bench")
        self.peers = os.path.join(self.bench, "peers")
        self.loop = os.path.join(self.bench, "loop")
        self.npm = os.path.join(self.bench, "npm")
        self.ric = os.path.join(self.npm, "node_modules", "aws-lambda-ric", "bin", "index.mjs")
        for folder in (self.peers, self.loop):
            os.makedirs(folder, exist_ok=True)

    def made(self, name):
        """A program that the Makefile has built."""
        path = os.path.join(self.bench, name)
        if not os.path.exists(path):
            raise Missing(f"{os.path.relpath(path)} is not built")
        return path

    def compiled(self, name, command, sources):
        """A program from a command line, built unless it is newer than its sources and made by the same command."""
        target = os.path.join(self.bench, name)
        command = [*command, "-o", target]
        note, text = target + ".command", " ".join(command)
        if os.path.exists(target) and os.path.exists(note) and newest(target) > newest(*sources):
            with open(note, encoding="utf-8") as file:
                if file.read() == text:
                    return target
        need(command[0])
        run(command)
        with open(note, "w", encoding="utf-8") as file:
            file.write(text)
        return target


def cxx(place, name, source, *flags):
    """A C++ peer; the harness is the Makefile's."""
    harness = [place.made("peers/peer.o"), place.made("peers/main.o")]
    sources = [os.path.join(SOURCES, source), os.path.join(SOURCES, "peer.h"), *harness]
    command = [os.environ.get("CXX", "g++"), "-O3", "-DNDEBUG", "-std=c++17", sources[0], *harness, *flags]
    return place.compiled(f"peers/{name}", command, sources)


def simdjson(place, name, *flags):
    return [cxx(place, name, "simd.cc", *flags, "-lsimdjson")]


def simdjson_of(march, implementation):
    def command(place):
        if not X86:
            raise Missing(f"this machine has no {march}")
        return simdjson(place, f"simdjson-{implementation}", f"-march={march}", f'-DIMPLEMENTATION="{implementation}"')
    return command


def serde(place):
    """Debian's compiler where it is there, for it goes with Debian's packages."""
    tools = {name: next((path for path in (f"/usr/bin/{name}", shutil.which(name)) if path and os.path.exists(path)),
                        None) for name in ("cargo", "rustc")}
    if None in tools.values():
        raise Missing("cargo and rustc are not installed")
    if not any(name.startswith("serde_json-") for name in (os.listdir(REGISTRY) if os.path.isdir(REGISTRY) else ())):
        raise Missing("librust-serde-json-dev is not installed")
    target, folder = os.path.join(place.peers, "serde"), os.path.join(place.bench, "serde")
    sources = [os.path.join(where, name) for where, _, names in os.walk(os.path.join(SOURCES, "serde"))
               for name in names]
    if os.path.exists(target) and newest(target) > newest(*sources):
        return [target]
    shutil.copytree(os.path.join(SOURCES, "serde"), folder, dirs_exist_ok=True)
    os.makedirs(os.path.join(folder, ".cargo"), exist_ok=True)
    with open(os.path.join(folder, ".cargo", "config.toml"), "w", encoding="utf-8") as file:
        file.write(f'[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "{REGISTRY}"\n')
    run([tools["cargo"], "build", "--release", "--offline"], cwd=folder, env=dict(os.environ, RUSTC=tools["rustc"]))
    shutil.copy(os.path.join(folder, "target", "release", "serde"), target)
    os.utime(target)
    return [target]


def golang(place):
    need("go")
    source, target = os.path.join(SOURCES, "golang.go"), os.path.join(place.peers, "golang")
    if not os.path.exists(target) or newest(target) < newest(source):
        run(["go", "build", "-o", target, source])
    return [target]


def node(place):
    need("node")
    if not os.path.isdir(os.path.join(place.npm, "node_modules", "@aws-sdk", "util-dynamodb")):
        raise Missing("@aws-sdk/util-dynamodb is not installed (make bench-deps)")
    return ["env", "BENCH_NODE_MODULES=" + os.path.join(place.npm, "node_modules"), "node",
            os.path.join(SOURCES, "node.mjs")]


def python(_place):
    for program in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(program) and subprocess.run([program, "-c", "import boto3"],
                                                      stderr=subprocess.DEVNULL).returncode == 0:
            return [program, os.path.join(SOURCES, "python.py")]
    raise Missing("python3-boto3 is not installed")


def variant(name):
    """A build of the library that is restricted to one path, where the Makefile has one."""
    return lambda place: [place.made(f"peers/ours-{name}"), "decode"]


def yyjson(_place):
    raise Missing("Debian 12 has no package of it, and there is no peer for it yet")


# name: what follows is CORPUS SECONDS
DECODERS = {
    "ours": lambda place: [place.made("peers/ours"), "decode"],
    "whole": lambda place: [place.made("peers/ours"), "process"],
    "ours-sse2": variant("sse2"),
    "ours-plain": variant("plain"),
    "simdjson": simdjson_of("haswell", "haswell") if X86 else lambda place: simdjson(place, "simdjson"),
    "simdjson-westmere": simdjson_of("westmere", "westmere"),
    "simdjson-native": lambda place: simdjson(place, "simdjson-native", "-march=native"),
    "yyjson": yyjson,
    "rapidjson": lambda place: [cxx(place, "rapidjson", "rapid.cc")],
    "cjson": lambda place: [place.made("peers/cjson")],
    "cjson-arena": lambda place: ["env", "CJSON_ARENA=1", place.made("peers/cjson")],
    "serde": serde,
    "go": golang,
    "node": node,
    "python": python,
}


# Programs of the runtime rows

def raw(place):
    """The raw-socket loop: static, with musl where it is there. The command, and what it was linked with."""
    sources = [os.path.join(LOOP, name) for name in ("raw.c", "raw_noop.c", "wire.c", "raw.h", "wire.h")]
    libc = "musl" if shutil.which("musl-gcc") else "glibc"
    compiler = "musl-gcc" if libc == "musl" else "cc"
    target = place.compiled("loop/raw", [compiler, "-O2", "-std=c11", "-D_GNU_SOURCE", "-static", *sources[:3]],
                            sources)
    return [target], f"static {libc}"


def ric(place):
    need("node")
    if not os.path.exists(place.ric):
        raise Missing("aws-lambda-ric is not installed (make bench-deps)")
    shutil.copy(os.path.join(LOOP, "handler.mjs"), place.npm)
    return ["env", "-C", place.npm, "node", place.ric, "handler.noop"]


@functools.lru_cache
def npm_version(place, name):
    with open(os.path.join(place.npm, "node_modules", name, "package.json"), encoding="utf-8") as file:
        return json.load(file)["version"]


def version_of(what, read):
    try:
        return {what: read()}
    except (Missing, OSError, FileNotFoundError):
        return {}


def versions(place):
    """Of everything that is here."""
    found = {name: version for name in ("libcjson-dev", "libsimdjson-dev", "rapidjson-dev", "librust-serde-dev",
                                        "librust-serde-json-dev", "rustc", "golang-go", "python3-boto3", "musl-tools",
                                        "libcurl4-openssl-dev")
             if (version := package_version(name))}
    found.update(version_of("cc", lambda: first_line(os.environ.get("CC", "cc"), "--version")))
    found.update(version_of("go", lambda: first_line("go", "version")))
    found.update(version_of("node", lambda: first_line("node", "--version")))
    for name in ("@aws-sdk/util-dynamodb", "aws-lambda-ric"):
        found.update(version_of(name, lambda name=name: npm_version(place, name)))
    return found


def install(place):
    """npm's packages. aws-lambda-ric compiles a libcurl and the C++ client of AWS, which takes a minute or two."""
    need("npm", "node")
    os.makedirs(place.npm, exist_ok=True)
    shutil.copy(os.path.join(HERE, "package.json"), place.npm)
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("node"))))
    # With the headers of the node at hand, if they are there: without, its compiler driver would download them.
    there = os.path.exists(os.path.join(prefix, "include", "node", "node_api.h"))
    run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=place.npm,
        env=dict(os.environ, **({"npm_config_nodedir": prefix} if there else {})))


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--install":
        sys.exit(__doc__)
    try:
        install(Place(sys.argv[2]))
    except Missing as why:
        sys.exit(f"peers.py: {why}")


if __name__ == "__main__":
    main()
