"""Runs one command and prints its exit code, seconds and peak memory as JSON: `stopwatch.py OUTPUT COMMAND…`.

A process of its own, because the peak that the kernel reports for a command holds that of the process which started it,
too: measured from here, 10 MB is the least that can be seen.
"""

import json
import os
import sys
import time


def main(output, command):
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDONLY)
        out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(null, 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - start
    # Kilobytes on Linux, bytes on macOS.
    megabytes = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(json.dumps([os.waitstatus_to_exitcode(status), seconds, megabytes]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
