"""What time and memory something takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

ROOT = Path(__file__).resolve().parents[1]

Work = Callable[[], object]
Medians = Callable[..., list[float]]
Say = Callable[[str], None]


def seconds(work: Work) -> float:
    """Time on the clock of one call."""
    start = perf_counter()
    work()
    return perf_counter() - start


def in_turn(works: Sequence[Work], times: list[list[float]]) -> None:
    """Call each once and add a row of their times, so that a busy minute hits all of them alike."""
    times.append([seconds(work) for work in works])


def median(times: Sequence[Sequence[float]]) -> list[float]:
    """The median of each column."""
    return np.median(times, axis=0).tolist()


def peak_memory(command: Sequence[str], **environment: str) -> float:
    """Run a command to its end; returns its largest resident memory (MB).

    Raises:
        RuntimeError: The command failed.
    """
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(  # with compiled modules kept, as pip leaves them
        command, cwd=ROOT, env=settings | environment, stdout=subprocess.DEVNULL
    )
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:  # a time limit, say: nothing may run on
        process.kill()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
