"""The rows that a forecast consists of; `--json` prints exactly these fields."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One outcome (or group of sub-outcomes) of one theatre.

    Attributes:
        probability: Weighted share of model worlds' probability.
        low: 5 % quantile across worlds.
        high: 95 % quantile across worlds.
        error: Monte Carlo standard error of `probability`.
        habit: The same by habit alone, every precision 0.
        word: ICD 203 word for the probability.
        word_range: The range of that word.
        said: The author's own word, interval or place in a ranking; empty if none.
        said_covers: 5 %, 50 % and 95 % quantiles of what that stands for; None for a place or none.
        part_of: The outcome of which it is a part; empty for none.
        resolved_by: How a stranger decides; empty makes it unscorable.
        date: Day by which.
        scorable: Whether it has both.
    """

    theatre: str
    outcome: str
    means: str
    part_of: str
    probability: float
    low: float
    high: float
    error: float
    habit: float
    word: str
    word_range: tuple[float, float]
    said: str
    said_covers: tuple[float, float, float] | None
    resolved_by: str
    date: str
    scorable: bool
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One probability that a claim compares."""

    term: str
    probability: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim: the share of model worlds in which it holds.

    Attributes:
        share: Weighted share among worlds in which it is determined; None where it never is.
        error: Monte Carlo standard error of `share`.
        undetermined: Weighted share of worlds in which a condition of it has probability zero.
    """

    claim: str
    holds: str
    says: str
    share: float | None
    error: float | None
    undetermined: float
    terms: tuple[Term, ...]
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeRow:
    """What the analyst thinks of a type before, and after history and evidence."""

    actor: str
    type: str
    means: str
    prior: float
    probability: float
    low: float
    high: float
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BeliefRow:
    """What one observed move did to one observer's belief about a type.

    Attributes:
        before: Mean belief across worlds before the move.
        after: The same after it.
        low: 5 % quantile of the belief after.
        high: 95 % quantile of the belief after.
        bits: What the move taught this observer about this actor: mean relative entropy of the
            belief after from the belief before.
    """

    theatre: str
    step: int
    date: str
    move: str
    observer: str
    actor: str
    type: str
    before: float
    after: float
    low: float
    high: float
    bits: float


@dataclass(frozen=True, slots=True)
class EquilibriaRow:
    """What a search for several equilibria found in the worlds of one theatre that count.

    Attributes:
        starts: Starting points for every world.
        worlds: Worlds that count.
        several: Worlds of these with more than one equilibrium found.
        most: Most equilibria found in one world.
        difference: Largest difference, in one world, of an outcome's probability between two
            equilibria.
    """

    theatre: str
    starts: int
    worlds: int
    several: int
    most: int
    difference: float


@dataclass(frozen=True, slots=True)
class TeachingRow:
    """How much a move would teach about the type of whoever makes it.

    Attributes:
        probability: How likely the move is made, counted once for each time.
        bits: Mean bits that it teaches when it is made; near 0 for cheap talk.
    """

    theatre: str
    move: str
    means: str
    probability: float
    bits: float
