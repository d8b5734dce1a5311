#!/usr/bin/env python3
"""Runs a command and takes the processor away from one or another of its descendants, for moments up to seconds.

    starve.py [--seed N] COMMAND [ARGUMENT ...]

    starve.py ctest --preset asan-ubsan -j8

What fails under it and not without it depends on who is faster: a test that should wait for something, or a race of
the program. A starved process is one that the scheduler runs only when nobody else wants to (SCHED_IDLE), beside a busy
loop on each processor. No signal is involved, so a test that stops and resumes processes itself is not disturbed.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time

SECONDS = (0.02, 0.1, 0.5, 1.5, 3.0)  # how long one is starved
PROBABILITY = 0.04  # of a process that is well, at each look
LOOK_SECONDS = 0.01


def parents() -> dict[int, int]:
    """The parent of every process that there is now."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                # PID (NAME) STATE PARENT ...; a name may have any character in it
                found[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            pass  # it has ended
    return found


def descendants(of: int) -> list[int]:
    parent = parents()

    def is_below(pid: int) -> bool:
        while pid in parent and pid != of:
            pid = parent[pid]
        return pid == of

    return [pid for pid in parent if pid != of and is_below(pid)]


def schedule(pid: int, policy: int) -> None:
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setscheduler(int(thread), policy, os.sched_param(0))
    except OSError:
        pass  # it has ended


def starve_while_running(command: subprocess.Popen, chance: random.Random) -> int:
    until: dict[int, float] = {}
    times = 0
    while command.poll() is None:
        now = time.monotonic()
        for pid in [pid for pid, end in until.items() if end <= now]:
            schedule(pid, os.SCHED_OTHER)
            del until[pid]
        for pid in descendants(command.pid):
            if pid not in until and chance.random() < PROBABILITY:
                until[pid] = now + chance.choice(SECONDS)
                schedule(pid, os.SCHED_IDLE)
                times += 1
        time.sleep(LOOK_SECONDS)
    return times


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("command", nargs=argparse.REMAINDER)
    given = options.parse_args()
    if not given.command:
        options.error("a command is needed")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    command = subprocess.Popen(given.command)
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)]
    try:
        times = starve_while_running(command, random.Random(given.seed))
    finally:
        for loop in loops:
            loop.kill()
        if command.poll() is None:
            command.terminate()
    print(f"starve.py: {times} times, seed {given.seed}", file=sys.stderr)
    return command.returncode


if __name__ == "__main__":
    sys.exit(main())
