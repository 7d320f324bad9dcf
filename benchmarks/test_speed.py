"""How long a person waits, and how much memory it takes: the measures of docs/performance.md.

    make bench

Every measure is a command in a process of its own, start of Python included. Medians are held to
the limits that the project promises on two cores.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from measures import Say, peak_memory

ESCALADE = str(Path(sys.executable).with_name("escalade"))
CUBA = "scenarios/cuba-1962/hawk.yaml"
BUDAPEST = "scenarios/budapest-2025/essay.yaml"
DRAWS = ("--draws", "1024", "--json")

pytestmark = pytest.mark.timeout(600)

Measure = Callable[..., tuple[float, float]]


@pytest.fixture
def measure(benchmark: BenchmarkFixture, say: Say, tmp_path: Path) -> Measure:
    """Time a command; returns its median (s) and its largest memory (MB).

    No round finds what another has solved.
    """
    caches = (str(tmp_path / str(number)) for number in count())

    def run(*command: str, rounds: int, warmup: int = 1) -> tuple[float, float]:
        memory: list[float] = []
        benchmark.pedantic(
            lambda: memory.append(peak_memory([ESCALADE, *command], ESCALADE_CACHE=next(caches))),
            rounds=rounds,
            warmup_rounds=warmup,
        )
        assert benchmark.stats is not None
        median, most = float(benchmark.stats["median"]), max(memory)
        say(f"{median:.2f} s, {most:.0f} MB")
        return median, most

    return run


def test_checking_budapest_takes_300_milliseconds(measure: Measure) -> None:
    median, _ = measure("check", BUDAPEST, rounds=11)
    assert median <= 0.3


def test_forecasting_cuba_takes_2_seconds(measure: Measure) -> None:
    median, _ = measure("forecast", CUBA, *DRAWS, rounds=5)
    assert median <= 2


def test_forecasting_budapest_takes_10_seconds_and_a_gigabyte(measure: Measure) -> None:
    median, memory = measure("forecast", BUDAPEST, *DRAWS, rounds=3)
    assert median <= 10
    assert memory <= 1000


def test_compiling_the_kernels_is_stated(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The first forecast on a machine; the difference from the second is what compiling takes."""
    caches = (
        {"NUMBA_CACHE_DIR": str(tmp_path / f"n{i}"), "ESCALADE_CACHE": str(tmp_path / f"e{i}")}
        for i in count()
    )
    command = [ESCALADE, "forecast", CUBA, *DRAWS]
    benchmark.pedantic(lambda: peak_memory(command, **next(caches)), rounds=2)
