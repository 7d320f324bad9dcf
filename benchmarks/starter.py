"""Starts commands for a larger process, and says how each ended and what memory it took.

Linux counts the memory of the process that starts a command as the command's own. This one imports
nothing large. It reads a command and its environment from a line of JSON, and answers with a line:
exit status, and largest resident memory as `getrusage` gives it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        command, environment = json.loads(line)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        answer = json.dumps([process.returncode, usage.ru_maxrss])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
