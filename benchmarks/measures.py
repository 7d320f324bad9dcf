"""What time and memory something takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from time import perf_counter

import numpy as np

ROOT = Path(__file__).resolve().parents[1]

Work = Callable[[], object]
Clock = Callable[[], float]
Medians = Callable[..., list[float]]
Say = Callable[[str], None]


def seconds(work: Work, clock: Clock = perf_counter) -> float:
    """Time of one call; by `process_time` what its threads computed, without waiting."""
    start = clock()
    work()
    return clock() - start


def in_turn(works: Sequence[Work], times: list[list[float]], clock: Clock = perf_counter) -> None:
    """Call each once and add a row of their times, so that a busy minute hits all of them alike."""
    times.append([seconds(work, clock) for work in works])


def median(times: Sequence[Sequence[float]]) -> list[float]:
    """The median of each column."""
    return np.median(times, axis=0).tolist()


def peak_memory(command: Sequence[str], **environment: str) -> float:
    """Run a command to its end; returns its largest resident memory (MB).

    Raises:
        RuntimeError: The command failed.
    """
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    request = json.dumps([command, settings | environment])  # with compiled modules kept, as by pip
    starter = _starter()
    assert starter.stdin
    assert starter.stdout
    try:
        starter.stdin.write(f"{request}\n")
        starter.stdin.flush()
        status, memory = json.loads(starter.stdout.readline())
    except BaseException:  # a time limit, say: nothing may run on
        os.killpg(starter.pid, signal.SIGKILL)
        starter.communicate()
        _starter.cache_clear()
        raise
    if status:
        raise RuntimeError(f"{' '.join(command)}: exit status {status}")
    return memory / (2**20 if sys.platform == "darwin" else 2**10)


@cache
def _starter() -> subprocess.Popen[str]:
    """The process that starts commands; it ends when its input does."""
    return subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).with_name("starter.py"))],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
