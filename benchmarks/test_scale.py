"""How time and memory grow: with histories, draws, threads, types; the limits of issue and page.

    make bench

What takes memory is solved in a process of its own; times are those of `solve` alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from escalade.solve import solve
from games import crisis, joined, perturbed
from measures import Medians, Say, peak_memory
from solve_once import FIVE_ACTORS

pytestmark = pytest.mark.timeout(1200)

DRAWS = 8
SIZES = (7, 8, 9, 10)  # turns of 4 moves: 16,384 to 1,048,576 histories

Child = Callable[[str, int], tuple[dict[str, np.ndarray], float]]


@pytest.fixture
def child(tmp_path: Path) -> Child:
    """Solve a game of `solve_once.py`; gives what it wrote and its largest memory (MB)."""

    def run(game: str, draws: int) -> tuple[dict[str, np.ndarray], float]:
        out = tmp_path / "found.npz"
        script = str(Path(__file__).with_name("solve_once.py"))
        memory = peak_memory([sys.executable, script, game, str(draws), str(out)])
        with np.load(out) as found:
            return dict(found), memory

    return run


def idle_memory(child: Child) -> float:
    """What Python, libraries and kernels take (MB); the first call compiles them."""
    return float(np.median([child("nothing", DRAWS)[1] for _ in range(4)][1:]))


def test_time_and_memory_are_linear_in_histories(
    benchmark: BenchmarkFixture, child: Child, say: Say
) -> None:
    idle = idle_memory(child)
    rows = []

    def all_sizes() -> None:
        for turns in SIZES:
            found, memory = child(f"4^{turns}", DRAWS)
            rows.append((found["histories"], found["seconds"], found["sweeps"], memory - idle))

    benchmark.pedantic(all_sizes, rounds=1)
    histories, seconds, sweeps, memory = np.array(rows, dtype=float).T
    each = seconds / histories / DRAWS * 1e6
    for i, n in enumerate(histories):
        say(
            f"{n:,.0f} histories × {DRAWS} draws: {seconds[i]:.2f} s, {sweeps[i] / DRAWS:.0f} "
            f"sweeps a draw, {each[i]:.2f} μs per history and draw; {memory[i] + idle:,.0f} MB, "
            f"{memory[i] / n * 1e6:,.0f} bytes per history above {idle:.0f} MB"
        )
    assert seconds[-1] <= 60
    assert memory[-1] + idle <= 4000
    assert each[-1] <= 2 * each[0]  # the smallest fits in the cache, the largest does not
    assert memory[-1] / histories[-1] <= 1.1 * memory[-2] / histories[-2]


def test_time_is_linear_in_draws(medians: Medians, say: Say, tmp_path: Path) -> None:
    read = crisis(8, tmp_path)
    tables = perturbed(read, 2000, precision=2.0)
    counts = (250, 500, 1000, 2000)
    times = medians(*(partial(solve, read, tables.take(slice(0, n))) for n in counts))
    say(", ".join(f"{n} draws {t:.3f} s" for n, t in zip(counts, times, strict=True)))
    assert times[-1] / counts[-1] <= 1.25 * times[0] / counts[0]


def test_two_threads_are_nearly_twice_as_fast(medians: Medians, say: Say, tmp_path: Path) -> None:
    read = crisis(8, tmp_path)
    tables = perturbed(read, 1000, precision=2.0)
    one, two = medians(*(partial(solve, read, tables, threads=n) for n in (1, 2)))
    say(f"1 thread {one:.3f} s, 2 threads {two:.3f} s: {one / two:.2f} times as fast")
    assert one / two >= 1.8


def test_easy_draws_do_not_wait_for_hard_ones(medians: Medians, say: Say, tmp_path: Path) -> None:
    """Every second draw is hard; both kinds together take as long as one after the other."""
    read = crisis(6, tmp_path)
    easy = perturbed(read, 512, precision=0.5)
    hard = perturbed(read, 512, precision=5.0, seed=1)
    sweeps = [solve(read, tables).sweeps.mean() for tables in (easy, hard)]
    works = (partial(solve, read, t, threads=1) for t in (easy, hard, joined(easy, hard)))
    alone, other, both = medians(*works)
    say(
        f"easy {alone:.3f} s ({sweeps[0]:.0f} sweeps a draw), hard {other:.3f} s "
        f"({sweeps[1]:.0f}), mixed {both:.3f} s: {both / (alone + other):.2f} times their sum"
    )
    assert both <= 1.15 * (alone + other)


def test_private_types_are_not_multiplied(
    benchmark: BenchmarkFixture, child: Child, say: Say
) -> None:
    """Five actors with three types each: the factored form against 243 copies of the tree."""
    idle = idle_memory(child)
    rounds: list[list[tuple[dict[str, np.ndarray], float]]] = []
    benchmark.pedantic(
        lambda: rounds.append([child(name, DRAWS) for name in FIVE_ACTORS]), rounds=3
    )
    seconds = np.median([[found["seconds"] for found, _ in row] for row in rounds], axis=0)
    memory = np.max([[most - idle for _, most in row] for row in rounds], axis=0)
    sweeps = [found["sweeps"] / DRAWS for found, _ in rounds[0]]
    factored, copied = (found["choice"] for found, _ in rounds[0])
    for name, time, most, passes in zip(FIVE_ACTORS, seconds, memory, sweeps, strict=True):
        say(f"{name}: {time:.4f} s, {passes:.0f} sweeps a draw, {most:.1f} MB above {idle:.0f} MB")
    apart = np.abs(factored - copied).max()
    say(
        f"expanded / factored: {seconds[1] / seconds[0]:,.0f} times the time, "
        f"{memory[1] / memory[0]:,.0f} times the memory; answers differ by {apart:.1e}"
    )
    assert apart <= 1e-8
    assert seconds[0] < seconds[1]
    assert memory[0] < memory[1]
