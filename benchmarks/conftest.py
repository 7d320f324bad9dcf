"""How benchmarks measure, and how they say what they found."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter

import pytest
from cpuinfo import get_cpu_info
from pytest_benchmark.fixture import BenchmarkFixture

from measures import Clock, Medians, Say, Work, in_turn, median


@pytest.fixture
def medians(benchmark: BenchmarkFixture) -> Medians:
    """Time some works in turn, over and over; returns the median of each (s)."""

    def run(
        *works: Work, rounds: int = 5, warmup: int = 1, clock: Clock = perf_counter
    ) -> list[float]:
        times: list[list[float]] = []
        arguments = (works, times, clock)
        benchmark.pedantic(in_turn, args=arguments, rounds=rounds, warmup_rounds=warmup)
        return median(times[warmup:])

    return run


@pytest.fixture
def say(benchmark: BenchmarkFixture, record_property: Callable[[str, object], None]) -> Say:
    """Say a sentence about what was measured, at the end of the run and in its JSON."""

    def run(sentence: str) -> None:
        benchmark.extra_info.setdefault("findings", []).append(sentence)
        record_property("finding", sentence)

    return run


def pytest_report_header() -> str:
    """The machine, and the versions that matter."""
    cpu = get_cpu_info().get("brand_raw", platform.processor())
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "llvmlite"))
    python = f"{platform.system()}, Python {platform.python_version()}"
    return f"machine: {cpu}, {os.cpu_count()} cores, {python}, {libraries}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """All findings, whether or not they met their goal."""
    terminalreporter.section("findings")
    for outcome in ("passed", "failed"):
        for test in terminalreporter.getreports(outcome):
            for _, sentence in test.user_properties:
                name = test.nodeid.partition("::")[2]
                terminalreporter.line(f"{outcome.upper()}  {name}: {sentence}")
