#!/usr/bin/env python3
"""Runs clang-tidy over what is shipped (not tests and benchmarks), leaving out what passed before.

    tidy.py BUILD_DIRECTORY JOBS

A source passed before when nothing that clang-tidy sees of this tree has changed: the source, the headers that ninja
found when it compiled it, the command, the configuration, the version of clang-tidy. Stamps are in
BUILD_DIRECTORY/tidy.
"""

import concurrent.futures
import hashlib
import json
import pathlib
import shlex
import subprocess
import sys

# Tests and benchmarks would take twice the time of all the rest, and most of that in GoogleTest's headers.
CHECKED = ("protocol", "daemon", "client-shim")


def headers_by_object(build: pathlib.Path) -> dict[str, list[str]]:
    """What `ninja -t deps` tells: an unindented line "OBJECT: ..." and below it one indented line for each file."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    headers: dict[str, list[str]] = {}
    current: list[str] = []
    for line in listing.splitlines():
        if line.startswith(" "):
            current.append(line.strip())
        elif line:
            current = headers.setdefault(line.partition(":")[0], [])
    return headers


def fingerprint(root: pathlib.Path, entry: dict[str, str], headers: list[str], common: bytes) -> str:
    digest = hashlib.sha256(common + entry["command"].encode())
    build = pathlib.Path(entry["directory"])
    for name in sorted({entry["file"], *headers}):
        path = (build / name).resolve()
        # Headers of the system change with the version of a package, which is rare; they count by their names.
        digest.update(str(path).encode() + b"\0")
        if path.is_relative_to(root) and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parent.parent
    stamps = build / "tidy"
    stamps.mkdir(exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (root / ".clang-tidy").read_bytes()
    headers = headers_by_object(build)

    pending: dict[str, str] = {}
    current: set[str] = set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if not any(source.is_relative_to(root / folder) for folder in CHECKED):
            continue
        arguments = shlex.split(entry["command"])
        output = arguments[arguments.index("-o") + 1]
        stamp = fingerprint(root, entry, headers.get(output, []), common)
        current.add(stamp)
        if not (stamps / stamp).exists():
            pending[str(source)] = stamp

    def check(source: str) -> tuple[str, subprocess.CompletedProcess[str]]:
        command = ["clang-tidy", "-p", build, "--quiet", source]
        return source, subprocess.run(command, capture_output=True, text=True, check=False)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(sys.argv[2])) as pool:
        for source, outcome in pool.map(check, pending):
            if outcome.returncode == 0:
                (stamps / pending[source]).touch()
            else:
                failed += 1
                print(outcome.stdout or outcome.stderr, end="")
    for stamp in stamps.iterdir():
        if stamp.name not in current:
            stamp.unlink()
    print(f"{len(current)} sources, {len(pending)} looked at, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
