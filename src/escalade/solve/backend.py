"""Solve on other processes or machines: blocks of draws go to the workers of a joblib backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np

from escalade.errors import EscaladeError
from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve.packs import LANES
from escalade.solve.solution import Equilibria, Solution

MOST_DRAWS = 512  # in a block
MOST_BYTES = 2**23  # in a block: Dask's scheduler holds it until it is solved, and warns at 10 MB

Solve = Callable[[Game, Tables], Solution]
Parcel = tuple[Game, str]


def solve_on(
    backend: str, solve: Solve, game: Game, tables: Tables, *, workers: int | None = None
) -> Solution:
    """Solve blocks of draws on the workers of a joblib backend.

    Args:
        backend: ``"dask"`` (the cluster of the current `distributed.Client`), ``"loky"``
            (processes), ``"threading"``, or any name registered with joblib.
        solve: Solves a block. It is sent to the workers, which must have Escalade installed.
        game: The game; a Dask cluster gets it once.
        tables: Its numbers.
        workers: Blocks solved at a time; by default, and on a Dask cluster always, as many as the
            backend has cores.

    Returns:
        The solution of all draws, in their order.

    Raises:
        EscaladeError: When joblib is not installed, or the workers could not do it.
        ValueError: When joblib does not know the backend, or there is no Dask client.
    """
    joblib = _joblib()
    parcel = game, uuid4().hex  # else Dask may drop it with the same game of an earlier call
    sent_once: dict[str, Any] = {"scatter": [parcel]} if backend == "dask" else {}
    try:
        with joblib.parallel_config(backend, n_jobs=workers or -1, **sent_once):
            blocks = _blocks(tables, joblib.effective_n_jobs(workers or -1))
            call = joblib.delayed(_solve_block)
            parts = joblib.Parallel()(call(solve, parcel, block) for block in blocks)
    except ValueError as error:
        raise ValueError(f"backend is {backend!r}: {error}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise EscaladeError(
            f"joblib backend '{backend}' failed: {what} "
            "(do its workers run, have they Escalade installed, and memory enough?)"
        ) from error
    return _joined(game, parts)


def _joblib() -> ModuleType:
    try:
        import joblib
    except ImportError as error:
        raise EscaladeError(
            "solving on a backend needs joblib: pip install 'escalade[cluster]'"
        ) from error
    return joblib


def _blocks(tables: Tables, workers: int) -> list[Tables]:
    """Blocks of draws, in order; every worker gets one if there are enough draws."""
    n = tables.n_draws
    bytes_per_draw = sum(getattr(tables, f.name)[..., :1].nbytes for f in fields(tables))
    size = min(MOST_DRAWS, MOST_BYTES // bytes_per_draw, -(-n // workers))
    size = -(-max(size, 1) // LANES) * LANES
    return [tables.take(slice(first, first + size)) for first in range(0, n, size)]


def _solve_block(solve: Solve, parcel: Parcel, block: Tables) -> Solution:
    """Solve a block, on a worker."""
    return solve(parcel[0], block)


def _joined(game: Game, parts: list[Solution]) -> Solution:
    """Blocks of draws, end to end."""
    names = [f.name for f in fields(Solution) if f.name not in {"game", "equilibria"}]
    columns: dict[str, Any] = {
        n: np.concatenate([getattr(p, n) for p in parts], axis=-1) for n in names
    }
    whole = Solution(game=game, **columns)
    found = [p.equilibria for p in parts if p.equilibria is not None]
    if not found:
        return whole
    firsts = np.cumsum([0, *(p.n_draws for p in parts[:-1])])
    equilibria = Equilibria(
        starts=found[0].starts,
        draw=np.concatenate([e.draw + int(first) for e, first in zip(found, firsts, strict=True)]),
        residual=np.concatenate([e.residual for e in found]),
        choice=np.concatenate([e.choice for e in found], axis=-1),
    )
    return replace(whole, equilibria=equilibria)
