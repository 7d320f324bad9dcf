"""The logit reply to given choices: a draw at a profile of choices, as `adjoint` takes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from escalade.game.game import CHANCE, Game
from escalade.game.tables import Tables
from escalade.solve.adjoint import Edges, Point, evaluate
from escalade.solve.topology import Topology

Floats = NDArray[np.float64]

UNDERFLOW = 1e-300  # a choice this rare has lost its logarithm
TREMBLES = 100  # evaluations after which logarithms of such choices are as good as they get


def point(t: Topology, e: Edges, tables: Tables, choice: Floats, draw: int) -> Point:
    """One draw at its choices, and the logit reply to them.

    Args:
        t: The game.
        e: How play gets into each node.
        tables: The numbers of the game.
        choice: [choice, draw] Choice probabilities with the type innermost.
        draw: The draw.
    """
    numbers = {name: np.array(array[..., draw], order="C") for name, array in vars(tables).items()}
    n_choices, n_columns = len(choice), int(e.column[-1])
    n_observers, n_slots = numbers["prior"].shape
    x = np.log(np.maximum(choice[:, draw], UNDERFLOW))
    n_reach = int(t.types.sum())
    p = Point(
        **numbers,
        x=x,
        reach=np.zeros(n_reach),
        held=np.zeros((n_observers, n_reach)),
        expected=np.zeros((n_observers, t.n_infosets)),
        term=np.zeros(t.n_marginals + t.n_branches),
        log_belief=np.zeros(len(t.member)),
        share=np.zeros((n_observers, len(e.parent))),
        value=np.zeros((len(e.parent), n_columns)),
        scratch=np.zeros(n_slots),
        **{name: np.zeros(n_choices) for name in ("sigma", "worth", "reply")},
    )
    evaluate(t, e, p)
    lost = choice[:, draw] <= UNDERFLOW
    for _ in range(TREMBLES):
        if np.allclose(x[lost], p.reply[lost], rtol=1e-12, atol=0.0):
            break
        x[lost] = p.reply[lost]
        evaluate(t, e, p)
    return p


def gap(p: Point) -> float:
    """max|σ − F(σ)|: how far the choices of a point are from the reply to them."""
    return float(np.abs(p.sigma - np.exp(p.reply)).max(initial=0.0))


def edges(game: Game, end_class: NDArray[np.integer], n_classes: int) -> Edges:
    """How play gets into each node."""
    above = np.maximum(game.parent, 0)
    played = (game.parent >= 0) & (game.mover[above] != CHANCE)
    infoset = np.where(played, game.infoset[above], -1)
    n_types = np.diff(game.slot_start)[game.mover[above]]
    made = game.choice_start[infoset] + game.branch * n_types
    column = np.concatenate([[0], n_classes + game.slot_start])
    columns = (game.parent, infoset, np.where(played, made, -1), end_class, column)
    return Edges(*(np.array(c, dtype=np.int32, order="C") for c in columns))
