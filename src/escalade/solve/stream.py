"""Outcomes of more draws than memory holds: block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve.reach import outcome_distribution
from escalade.solve.solution import Status
from escalade.solve.solve import solve


class OutcomeBlock(NamedTuple):
    """What is kept of a block of draws.

    Attributes:
        outcomes: [profile, class, draw] As `outcome_distribution` gives it; NaN in draws that
            failed.
        counts: How many draws ended in each status.
    """

    outcomes: NDArray[np.float64]
    counts: dict[Status, int]


def stream_outcomes(
    game: Game,
    blocks: Iterable[Tables],
    end_class: NDArray[np.integer],
    n_classes: int,
    **options: Any,
) -> Iterator[OutcomeBlock]:
    """Solve block after block of draws, keeping nothing but how likely the ends are.

    A block is taken when its outcomes are asked for, and let go before the next one is taken, so
    blocks that a generator makes are never in memory together. Results do not depend on how draws
    are cut into blocks. A few thousand draws keep all cores busy; a cluster wants more.

    Args:
        game: A game with perfect recall.
        blocks: Its numbers, some draws at a time.
        end_class: [node] Class of a node, -1 for none; see `outcome_distribution`.
        n_classes: Number of classes.
        options: Those of `solve`.

    Yields:
        The outcomes and statuses of each block, in order.

    Raises:
        EscaladeError: As `solve` does.
        ValueError: As `solve` and `outcome_distribution` do.
    """

    def one(tables: Tables) -> OutcomeBlock:
        solution = solve(game, tables, **options)
        outcomes = outcome_distribution(
            game, tables, solution.choice, end_class, n_classes, threads=options.get("threads")
        )
        return OutcomeBlock(outcomes, solution.counts())

    return map(one, blocks)
