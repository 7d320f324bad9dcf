"""The likelihood of a game with hidden types or unseen moves, through the equilibrium solver.

Everybody plays the logit agent quantal response equilibrium on the principal branch, and holds each
type as likely as it is among the cases. An end has the probability Π_i Σ_k π_i(k) r_i(k): types are
hidden from the analyst too. Cases with the same covariates are one draw of the solver, and so are
the points of several searches (see `company`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from escalade.errors import GameError
from escalade.estimate.company import Company
from escalade.estimate.design import Design
from escalade.estimate.extensive import ends_in_order, with_ends_apart
from escalade.estimate.jets import Floats, Jet
from escalade.game.frozen import freeze
from escalade.game.tables import Tables
from escalade.solve import Solution, Status, derivatives, reach, solve

TOLERANCE = 1e-12  # of residuals: second derivatives are differences of first ones
STEEPEST = 250.0  # stakes per scale of the error, beyond which nothing is solved
FEW = 64  # draws that one thread solves at least as soon as two
SEARCHED = 16  # starting points from which other equilibria of a case are looked for


@dataclass(frozen=True)
class Branches:
    """How the equilibria of a fit were found.

    Attributes:
        status: [case] A `Status` of the solver; only the principal branch is fitted.
        equilibria: [case] How many equilibria were found, that of the principal branch included.
        starts: From how many starting points they were searched for.
    """

    status: NDArray[np.int8]
    equilibria: NDArray[np.int64]
    starts: int

    def __post_init__(self) -> None:
        """Make every array read-only."""
        freeze(self)

    def counts(self) -> dict[str, int]:
        """How many cases ended in each status."""
        return {
            status.name.lower(): int(n) for status in Status if (n := (self.status == status).sum())
        }

    def found(self) -> dict[int, int]:
        """How many cases have so many equilibria."""
        number, n = np.unique(self.equilibria, return_counts=True)
        return dict(zip(number.tolist(), n.tolist(), strict=True))

    def as_dict(self) -> dict[str, Any]:
        """Plain data: for each case, and counted."""
        return {
            "status": [Status(s).name.lower() for s in self.status.tolist()],
            "equilibria": self.equilibria.tolist(),
            "starts": self.starts,
            "statuses": self.counts(),
            "found": {str(number): n for number, n in self.found().items()},
        }

    def doubts(self) -> list[str]:
        """What to know of them before using a fit."""
        n, found = len(self.status), []
        if failed := int((self.status == Status.FAILED).sum()):
            found.append(f"in {failed} of {n} cases there is no equilibrium that could be followed "
                         "from habit, and so no likelihood")  # fmt: skip
        if several := int((self.equilibria > 1).sum()):
            found.append(f"in {several} of {n} cases there are several equilibria, up to "
                         f"{self.equilibria.max()}: the fit takes everybody to play the one on the "
                         "principal branch, which the data need not bear out")  # fmt: skip
        return found


class Solver:
    """Log probabilities of leaves, as jets along channels."""

    def __init__(self, design: Design, threads: int | None = None) -> None:
        model = design.model
        assert model.game is not None
        if model.file.error != "logit":
            raise GameError(
                f"with {model.file.error} errors the turns must be seen by all, nobody may have "
                "types or uneven habits, and moves may cost nothing; where that is not so, errors "
                "are logit"
            )
        self.model = model
        self.threads = threads
        self.ends = ends_in_order(model.game)
        self.game, self.base = with_ends_apart(model.game, self.ends)
        self.first, self.row = design.alike(seen=False)
        self.company = Company(self._answer)

    def leaves(self, values: list[Floats]) -> list[list[Jet]]:
        """For each point the leaves: jets of log probabilities along channels, [case] each.

        Args:
            values: For each point [channel, case].
        """
        asked = [value[:, self.first] for value in values]
        logs, slopes = self.company.ask(np.concatenate(asked, axis=1))
        n = len(self.first)
        return [
            [
                Jet(log[i * n + self.row], dict(enumerate(slope[:, i * n + self.row])))
                for log, slope in zip(logs, slopes, strict=True)
            ]
            for i in range(len(values))
        ]

    def branches(self, values: Floats, starts: int = SEARCHED) -> Branches:
        """How the equilibria of the cases are found, at channels [channel, case]."""
        found = self._solve(self.tables(values[:, self.first]), starts)[1]
        n = found.n_equilibria if starts else found.solved.astype(np.int64)
        return Branches(found.status[self.row], n[self.row], starts)

    def tables(self, values: Floats) -> Tables:
        """The numbers of the game, given the channels [channel, draw]."""
        n, base, model = values.shape[1], self.base, self.model
        payoff = np.repeat(base.payoff, n, axis=-1)
        for (slot, outcome), given in model.utility.items():
            rows = 1 + np.flatnonzero(self.game.outcome[list(self.ends)] == outcome)
            payoff[rows, slot] = values[given] if isinstance(given, int) else given
            if model.paid is not None:
                payoff[rows, slot] += model.paid[rows - 1, slot][:, None]
        precision = np.array(
            [
                np.exp(-values[scale]) if isinstance(scale, int) else np.full(n, 1.0 / scale)
                for scale in model.scale
            ]
        )
        prior = np.repeat(base.prior, n, axis=-1)
        for slots, shares, _, _ in self._shares(values):
            prior[:, slots] = shares
        chance, habit = (np.repeat(a, n, axis=-1) for a in (base.chance, base.habit))
        return Tables(payoff, chance, habit, precision, prior)

    def _shares(self, values: Floats) -> list[tuple[list[int], Floats, list[int], Floats]]:
        """Of each actor whose types the model knows the shares of.

        Its slots, their shares [slot, draw], and of those that are not fixed the slots and their
        part of what the fixed ones leave [slot, draw].
        """
        found = []
        for slots in self.model.typed:
            given = {slot: self.model.share[slot] for slot in slots}
            free = [slot for slot in slots if not isinstance(given[slot], float)]
            left = 1.0 - sum(share for share in given.values() if isinstance(share, float))
            zero = np.zeros(values.shape[1])
            odds = [values[s] if isinstance(s := given[slot], int) else zero for slot in free]
            part = softmax(np.array(odds), axis=0)
            share = {slot: left * each for slot, each in zip(free, part, strict=True)}
            shares = np.array([share.get(slot, zero + (given[slot] or 0.0)) for slot in slots])
            found.append((slots, shares, free, part))
        return found

    def _answer(self, questions: list[Floats]) -> list[tuple[Floats, Floats]]:
        """Log probabilities [leaf, draw] and their slopes [leaf, channel, draw] for each."""
        values = np.concatenate(questions, axis=1)
        with np.errstate(all="ignore"):
            logs, slopes = self._probabilities(values)
        cuts = np.cumsum([question.shape[1] for question in questions])[:-1]
        parts = np.split(logs, cuts, axis=-1), np.split(slopes, cuts, axis=-1)
        return list(zip(*parts, strict=True))

    def _probabilities(self, values: Floats) -> tuple[Floats, Floats]:
        tables, solution = self._solve(self.tables(values))
        own, chance = reach(self.game, tables, solution.choice, self.ends, log=True)
        logs = np.array(chance)
        for first, last in zip(self.game.slot_start[:-1], self.game.slot_start[1:], strict=True):
            prior = tables.prior[0, first:last]
            terms = np.log(prior) + own[:, first:last]
            logs += np.logaddexp.reduce(terms, axis=1)
        return logs, self._slopes(values, tables, solution) / np.exp(logs)[:, None]

    def _solve(self, tables: Tables, starts: int = 0) -> tuple[Tables, Solution]:
        """The equilibria; draws whose stakes are too high fail, with numbers that do no harm."""
        most = tables.payoff.max(axis=0) - tables.payoff.min(axis=0)
        stakes = most * np.repeat(tables.precision, np.diff(self.game.slot_start), axis=0)
        wild = ~((stakes <= STEEPEST).all(axis=0) & np.isfinite(tables.prior).all(axis=(0, 1)))
        tame = [np.where(wild, old, getattr(tables, name)) for name, old in vars(self.base).items()]
        tables = Tables(*tame)
        threads = self._threads(tables)
        found = solve(self.game, tables, tolerance=TOLERANCE, threads=threads, starts=starts)
        if not wild.any():
            return tables, found
        status = np.where(wild, Status.FAILED, found.status).astype(np.int8)
        return tables, replace(found, status=status, choice=np.where(wild, np.nan, found.choice))

    def _threads(self, tables: Tables) -> int | None:
        """How many threads to solve on: one where starting others takes longer than the solving."""
        return self.threads if tables.n_draws > FEW else 1

    def _slopes(self, values: Floats, tables: Tables, solution: Solution) -> Floats:
        """[leaf, channel, draw] Slopes of the probabilities of the leaves."""
        n = len(self.ends)
        which = np.full(self.game.n_nodes, -1)
        which[list(self.ends)] = np.arange(n)
        kinds = ("payoff", "precision", "prior")
        threads = self._threads(tables)
        by = derivatives(self.game, tables, solution, which, n, of=kinds, threads=threads)
        found = np.zeros((n, *values.shape))
        for (slot, outcome), given in self.model.utility.items():
            if isinstance(given, int):
                rows = 1 + np.flatnonzero(self.game.outcome[list(self.ends)] == outcome)
                found[:, given] += by.payoff[:, rows, slot].sum(axis=1)
        for actor, scale in enumerate(self.model.scale):
            if isinstance(scale, int):
                found[:, scale] -= by.precision[:, actor] * tables.precision[actor]
        prior = by.prior.sum(axis=1)
        for _, _, free, part in self._shares(values):
            pull = prior[:, free] * tables.prior[0, free]
            for slot, each in zip(free, part, strict=True):
                if isinstance(given := self.model.share[slot], int):
                    found[:, given] += pull[:, free.index(slot)] - each * pull.sum(axis=1)
        return found
