"""Runs one command, and prints what it used. A program of its own, started by measured.py.

It imports next to nothing, because a process begins with the memory of the one that starts it: no peak is less than this
program's own 10 MB. What the command leaves behind, a server and who watches over it, comes to this process when its own
parent ends (PR_SET_CHILD_SUBREAPER), so that its CPU seconds can be told when it has ended, too. Linux only.
"""

import ctypes
import json
import os
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    request = json.load(sys.stdin)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.chdir(request["folder"])
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
        start = time.perf_counter()
        command = os.posix_spawnp(
            request["command"][0],
            request["command"],
            request["environment"],
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, complaint.fileno(), 2),
            ],
        )
        left_behind = 0.0
        while True:
            # What the command starts and leaves may end before it.
            ended, status, used = os.wait4(-1, 0)
            if ended == command:
                break
            left_behind += used.ru_utime + used.ru_stime
        wall = time.perf_counter() - start
        cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        try:
            while True:
                _, _, used = os.wait4(-1, 0)
                left_behind += used.ru_utime + used.ru_stime
        except ChildProcessError:
            pass  # nothing is left
        complaint.seek(0)
        answer = {
            "cpu_seconds": cpu,
            "wall_seconds": wall,
            "peak_mb": peak,
            "server_cpu_seconds": left_behind,
            "status": os.waitstatus_to_exitcode(status),
            "complaint": complaint.read()[-1000:].decode(errors="replace").strip(),
        }
    print(json.dumps(answer))


main()
