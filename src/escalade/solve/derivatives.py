"""Exact derivatives of outcome probabilities with respect to every number of a game.

At an equilibrium the log choices solve x = G(x, θ) (see `adjoint`). By the implicit function
theorem an outcome probability P(x, θ) has, along every number at once, the derivative

    dP/dθ = ∂P/∂θ + wᵀ ∂G/∂θ,   where  (I − ∂G/∂x)ᵀ w = (∂P/∂x)ᵀ:

one linear system per outcome, however many numbers there are (Griewank & Walther 2008, ch. 15).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.game.frozen import freeze
from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve.adjoint import Edges, Point, Slopes, pull_back
from escalade.solve.implicit import POWERS, Columns, Found, differentiate_all
from escalade.solve.reach import require_classes
from escalade.solve.reply import edges, gap, point
from escalade.solve.solution import Solution
from escalade.solve.solve import on_threads
from escalade.solve.topology import Topology, build_topology

Floats = NDArray[np.float64]
Inverse = Callable[[Floats, float], Floats]

TABLES = tuple(field.name for field in fields(Tables))
DENSE = 200  # choices up to which a matrix is formed; a larger one would start threads of LAPACK
PRODUCTS = 200  # with a matrix that is not formed, before GMRES starts anew
RESTARTS = 5
PRECISE, ROUGH = 1e-12, 1e-3  # relative residuals of GMRES, for derivatives and for growth
FOREIGN = (
    1e-6  # gap to the logit reply, and ten residuals, beyond which tables are not those solved
)
NEAR = 100.0  # growth at which a fold is near
BLOCK = 64  # draws that a kernel takes at a time


class DerivativeStatus(IntEnum):
    """Whether a draw has derivatives; `message` says why not."""

    GIVEN = 0
    NO_SOLUTION = 1
    NEAR_FOLD = 2
    UNSETTLED = 3

    @property
    def message(self) -> str:
        """What the status means, and what to do about it."""
        return _MESSAGES[self]


_MESSAGES = {
    DerivativeStatus.GIVEN: "derivatives are exact to the residual of the solution",
    DerivativeStatus.NO_SOLUTION: (
        "the draw has no solution, so it has no derivatives; see the status of the solution"
    ),
    DerivativeStatus.NEAR_FOLD: (
        "the equilibrium is close to a fold or a fork, where the smallest change of a number moves "
        "it without bound or to another branch, so a derivative would mislead. Solve with the "
        "numbers changed, and compare"
    ),
    DerivativeStatus.UNSETTLED: (
        "the linear system of the derivatives could not be solved: a fold or fork may be near, or "
        "the game is too large. Solve with the numbers changed, and compare"
    ),
}


@dataclass(frozen=True)
class Derivatives:
    """Derivatives of the probability of each class of ends, as the analyst sees it.

    Every array is shaped like the table of its name, with the class before: an entry is the change
    of a probability per unit of that number, all others held still while play adjusts. Tables that
    were not asked for have no classes. Draws without derivatives hold NaN.

    Weights and probabilities are taken as they stand in the equations: habit is normalised within
    its information set and an observer's prior within its actor when beliefs are formed, but the
    analyst's prior and chance multiply raw. So derivatives along chance and priors are partial:
    add them up along a change that keeps sums at one (`along`). One along a number that is 0 is
    the limit from above; where a belief would jump, it is as large as floats are.

    Attributes:
        payoff: [class, row, slot, draw] Per unit of utility.
        chance: [class, row, draw] Per unit of the probability of a branch.
        habit: [class, row, draw] Per unit of habit weight.
        precision: [class, actor, draw] Per unit of precision.
        prior: [class, observer, slot, draw] Per unit of prior probability.
        status: [draw] A `DerivativeStatus`.
        growth: [draw] How much feedback of beliefs magnifies a disturbance that nearly sustains
            itself: about 1 / min|1 − μ| over the eigenvalues μ of the logit reply's derivative,
            which is infinite at folds and forks. Near 1 without feedback; NaN where it could not be
            computed.
    """

    payoff: Floats
    chance: Floats
    habit: Floats
    precision: Floats
    prior: Floats
    status: NDArray[np.int8]
    growth: Floats

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    @property
    def given(self) -> NDArray[np.bool_]:
        """[draw] Whether the draw has derivatives."""
        return self.status == DerivativeStatus.GIVEN

    def along(self, **changes: Floats) -> Floats:
        """[class, draw] Derivative along a change of whole tables, each shaped like its table.

        Raises:
            ValueError: When a table was not asked for, or a change does not fit it.
        """
        total = np.zeros(len(self.status))
        for name, change in changes.items():
            slopes = getattr(self, name) if name in TABLES else np.zeros(0)
            if not len(slopes):
                raise ValueError(f"{name} was not asked for, or is no table")
            if change.shape != slopes.shape[1:]:
                raise ValueError(
                    f"the change of {name} has shape {change.shape}; expected {slopes.shape[1:]}"
                )
            total = total + (slopes * change).sum(axis=tuple(range(1, slopes.ndim - 1)))
        return total


def derivatives(
    game: Game,
    tables: Tables,
    solution: Solution,
    end_class: NDArray[np.integer],
    n_classes: int,
    *,
    of: Sequence[str] = TABLES,
    threads: int | None = None,
) -> Derivatives:
    """Derivatives of outcome probabilities with respect to every number of the tables.

    They are as accurate as the solution, and hold on the branch on which it lies. (Past a fork, in
    a game with a symmetry, numbers changed by however little break the symmetry, and the branch
    from habit may lead elsewhere: no derivative at the solution can tell.)

    Close to a fold an eigenvalue of the logit reply's derivative comes within some δ of 1. Then
    slopes grow as 1/δ, an error of the solution counts 1/δ² times in them, and a change of numbers
    by about δ² meets the fold. From 1/δ = 100 on they are withheld; so at a tolerance of 1e-10 they
    are good to six digits. (No condition number would do: many turns magnify disturbances too.)

    Args:
        game: The game.
        tables: The numbers that were solved, with those given to `solve` in place of others.
        solution: Its solution.
        end_class: [node] Class of a node, -1 for none; usually an outcome or event at an end.
        n_classes: Number of classes.
        of: Tables wanted; that of payoffs may be large.
        threads: Draws computed at a time; all cores by default.

    Raises:
        ValueError: When a class is out of bounds, a table unknown, a shape does not fit, or the
            solution is one of other numbers.
    """
    expected = (game.n_choices, tables.n_draws)
    if solution.choice.shape != expected:
        raise ValueError(f"solution.choice has shape {solution.choice.shape}; expected {expected}")
    require_classes(game, end_class, n_classes)
    if unknown := set(of) - set(TABLES):
        raise ValueError(f"of names {sorted(unknown)}; the tables are {', '.join(TABLES)}")
    run = _Run(game, tables, solution, edges(game, end_class, n_classes), of)
    solved = np.flatnonzero(solution.solved)
    workers = threads or os.cpu_count() or 1
    if game.n_choices <= DENSE:
        blocks = [solved[i : i + BLOCK] for i in range(0, len(solved), BLOCK)]
        on_threads(workers, run.differentiate, blocks)
    else:
        on_threads(workers, run.by_krylov, solved.tolist())
    return Derivatives(**run.found, status=run.status, growth=run.growth)


class _Run:
    """One call of `derivatives`: the game, arranged for the kernels, and the results so far."""

    def __init__(
        self, game: Game, tables: Tables, solution: Solution, edges: Edges, of: Sequence[str]
    ) -> None:
        self.tables, self.edges, self.of = tables, edges, of
        # Priors that are equal have derivatives of their own, so no two observers share a view.
        observers = np.arange(tables.prior[..., 0].size).reshape(*tables.prior.shape[:2], 1)
        self.topology = build_topology(game, observers.astype(np.float64), len(tables.payoff))
        self.choice = solution.choice[game.types_inside]
        self.residual = solution.residual
        self.n_classes, n = int(edges.column[1]), tables.n_draws
        self.found = {
            name: np.full(
                (self.n_classes if name in of else 0, *getattr(tables, name).shape), np.nan
            )
            for name in TABLES
        }
        self.status = np.full(n, DerivativeStatus.NO_SOLUTION, dtype=np.int8)
        self.growth = np.full(n, np.nan)

    @cached_property
    def columns(self) -> Columns:
        """The tables and choices, contiguous."""
        tables = [getattr(self.tables, name) for name in TABLES]
        return Columns(*(np.ascontiguousarray(a, dtype=float) for a in (*tables, self.choice)))

    def differentiate(self, draws: NDArray[np.int64]) -> None:
        """Derivatives of some draws, by the inverse of the matrix."""
        t, e = self.topology, self.edges
        p = point(t, e, self.tables, self.choice, int(draws[0]))
        d = Slopes(**{name: np.zeros_like(getattr(p, name)) for name in Slopes._fields})
        none = np.full(self.tables.n_draws, np.nan)
        good = np.zeros(self.tables.n_draws, dtype=np.bool_)
        found = Found(**self.found, growth=none, gap=none.copy(), good=good)
        asked = draws, np.random.default_rng(0).standard_normal(len(p.x)), NEAR
        differentiate_all((t, e), (p, d), self.columns, asked, found)
        for draw in draws.tolist():
            self.require_own(draw, float(found.gap[draw]))
        self.growth[draws] = found.growth[draws]
        near = found.growth[draws] >= NEAR
        given = np.where(found.good[draws], DerivativeStatus.GIVEN, DerivativeStatus.UNSETTLED)
        self.status[draws] = np.where(near, DerivativeStatus.NEAR_FOLD, given)
        for array in self.found.values():
            array[..., draws[self.status[draws] != DerivativeStatus.GIVEN]] = np.nan

    def require_own(self, draw: int, off: float) -> None:
        """Refuse a solution whose choices miss the logit reply."""
        if off > FOREIGN + 10.0 * self.residual[draw]:
            raise ValueError(
                f"solution solves other numbers than those of tables: in draw {draw} its choices "
                f"miss the logit reply by {off:.2g}; give the tables that were solved"
            )

    def by_krylov(self, draw: int) -> None:
        """Derivatives of one draw, without a matrix."""
        t, e = self.topology, self.edges
        p = point(t, e, self.tables, self.choice, draw)
        self.require_own(draw, gap(p))
        d = Slopes(**{name: np.zeros_like(getattr(p, name)) for name in Slopes._fields})
        inverse = _krylov(t, e, p, d)
        self.growth[draw] = _growth(inverse, len(p.x))
        rows = []
        for c in range(self.n_classes if self.growth[draw] < NEAR else 0):
            right = np.zeros((1, len(p.x)))
            pull_back(t, e, p, c, d, right, right)
            rows.append(inverse(right[0], PRECISE))
        if self.growth[draw] >= NEAR:
            self.status[draw] = DerivativeStatus.NEAR_FOLD
        elif not np.isfinite([self.growth[draw], *map(np.sum, rows)]).all():
            self.status[draw] = DerivativeStatus.UNSETTLED
        else:
            self.status[draw] = DerivativeStatus.GIVEN
            for c, w in enumerate(rows):
                pull_back(t, e, p, c, d, w[None], np.empty((1, len(w))))
                d.prior[0] += p.value[0, c]  # the analyst's prior multiplies raw
                for name in self.of:
                    self.found[name][c, ..., draw] = getattr(d, name)


def _krylov(t: Topology, e: Edges, p: Point, d: Slopes) -> Inverse:
    """What solves with I − (∂G/∂x)ᵀ by GMRES (Saad & Schultz 1986); NaN when that fails."""
    from scipy.sparse.linalg import LinearOperator, gmres  # slow to import

    def product(w: Floats) -> Floats:
        out = np.empty((1, n))
        pull_back(t, e, p, -1, d, np.ascontiguousarray(w).reshape(1, n), out)
        return w.ravel() - out[0]

    n = len(p.x)
    operator: Any = LinearOperator  # its own types leave `matvec` out
    matrix = operator((n, n), matvec=product, dtype=np.float64)

    def inverse(right: Floats, rtol: float) -> Floats:
        restart = min(n, PRODUCTS)
        found, failed = gmres(matrix, right, rtol=rtol, restart=restart, maxiter=RESTARTS)
        return right * np.nan if failed else found

    return inverse


def _growth(inverse: Inverse, n: int) -> float:
    """Growth of a vector in the last of a few multiplications by the inverse.

    Each brings out the eigenvalue of ∂G/∂x that is nearest to 1, and wears off what is magnified
    only in passing, such as play over many turns without any feedback.
    """
    vector, growth = np.random.default_rng(0).standard_normal(n), 1.0
    for _ in range(POWERS if n else 0):
        vector = inverse(vector / np.linalg.norm(vector), ROUGH)
        growth = float(np.linalg.norm(vector))
        if not np.isfinite(growth):
            break
    return growth
