"""Equilibria kept on disk: what was solved once for the same numbers is not solved again."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from escalade import __version__
from escalade.solve import Solution, solve
from escalade.solve.lanes import sources

if TYPE_CHECKING:
    from escalade.game.game import Game
    from escalade.game.tables import Tables

LARGEST = 2**28
"""Bytes of choices above which a solution is not kept."""

MOST = "4G"
"""Size of all that is kept; what was not used for longest goes first."""


class Store:
    """A solver that remembers, in a folder that may be deleted at any time.

    A solution is found again by the content of the game, of its numbers and of the settings,
    under one version of the program. Two processes may use one folder.

    Args:
        folder: Where solutions are kept; made if it is not there, and trimmed if it is too large.

    Raises:
        OSError: If the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        from joblib import Memory

        memory = Memory(folder / f"{__version__}-{sources():08x}", verbose=0)
        self._solve: Any = memory.cache(solve, ignore=["threads", "backend"])
        memory.reduce_size(bytes_limit=MOST)

    def __call__(self, game: Game, tables: Tables, *, starts: int = 0) -> Solution:
        """`solve`, or what it returned before."""
        if 8 * game.n_choices * tables.n_draws * max(starts, 1) > LARGEST:
            return solve(game, tables, starts=starts)
        with warnings.catch_warnings(), np.printoptions(threshold=0):  # joblib prints arguments
            warnings.simplefilter("ignore")  # a damaged entry is no entry: it is solved again
            return self._solve(game, tables, starts=starts)
