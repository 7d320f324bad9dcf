"""The resolved scenario: every name bound, every uncertain number an input with its sentence.

`read.read_scenario` makes it from a file; `game.compile` and `forecast` consume it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from escalade.scenario.claims import Claim, Hidden
from escalade.scenario.expressions import Bound
from escalade.scenario.values import Distribution
from escalade.scenario.variables import Variable

ANALYST = -1


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """An order of outcomes; the gaps between neighbours are uncertain.

    Attributes:
        strata: Outcomes from best to worst; those in one stratum are as good as each other.
        text: As the author wrote it.
        ordered: False when the order is not known: any order of the strata is as likely as another.
    """

    strata: tuple[tuple[str, ...], ...]
    text: str
    ordered: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Numbers that a fit to past cases found, uncertain together.

    Attributes:
        names: What the scenario calls them.
        mean: [number] The coefficients.
        root: [number][source] Lower triangular root of their covariance; empty for a sample.
        power: [number] 0 for the coefficient itself; 1 for e to it, a scale; -1 for a precision.
        sample: [sample][number] A sample of their posterior, instead of the normal distribution.
        text: The file, and what is asked of it.
        path: The file.
        digest: SHA-256 of the file, in hexadecimal.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    root: tuple[tuple[float, ...], ...]
    power: tuple[int, ...]
    sample: tuple[tuple[float, ...], ...]
    text: str
    path: Path
    digest: str


Value = Distribution | Ranking | Fitted
"""What an input may be."""


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """One uncertain number (or ranking) of the file.

    Attributes:
        name: Path in the file, such as ``actors.us.precision``; unique.
        value: Its distribution, a ranking, or what a fit found.
        kind: probability, cost, precision, weight, utility, real, ranking, likelihood_ratio or
            estimate.
        cite: Sentences it rests on; empty for an assumption.
        means: What it is, in words.
        file: File it stands in.
        line: Line it stands on.
        unit: The unit of a named quantity, in the author's words; empty for none.
        aside: Whether it is worth nothing beside another: drawn apart, it moves no other's draws.
    """

    name: str
    value: Value
    kind: str
    cite: tuple[str, ...] = ()
    means: str = ""
    file: str = ""
    line: int = 0
    unit: str = ""
    aside: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A private type; `share` is the input of its prior, None for (a part of) the rest."""

    id: str
    means: str
    share: int | None
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Somebody who chooses; `precision` is an input, or is worked out from estimates."""

    id: str
    name: str
    means: str
    types: tuple[Type, ...]
    precision: Bound
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What actor `by` thinks of a type of another actor before play; `value` is an input."""

    by: int
    actor: int
    type: int
    value: int
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Cost:
    """What one actor (of one type, or None for every type) pays."""

    actor: int
    type: int | None
    amount: Bound


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """A move of an actor or, with a `probability`, a chance event.

    Attributes:
        seen_by: Actors that see it besides the mover; None for everybody.
        looks_like: Move that the others see instead; empty for nothing.
        shows: Variables that everyone who sees it learns.
        habit: Input of its habit weight; None for weight 1.
        variant_of: Group of variants that share one habit weight; empty for none.
    """

    id: str
    means: str
    when: Bound | None = None
    sets: tuple[tuple[int, Bound], ...] = ()
    costs: tuple[Cost, ...] = ()
    seen_by: frozenset[int] | None = None
    looks_like: str = ""
    shows: tuple[int, ...] = ()
    habit: int | None = None
    variant_of: str = ""
    code: str = ""
    probability: Bound | None = None
    cite: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One mover's part of a turn; actor `ANALYST` (-1) stands for chance."""

    actor: int
    moves: tuple[str, ...]
    name: str
    when: Bound | None = None
    unaware_of: frozenset[str] = frozenset()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class CostRule:
    """A cost of moves or outcomes after something done earlier."""

    cost: Cost
    moves: frozenset[str]
    outcomes: frozenset[int]
    after: tuple[str, ...]
    when: Bound | None
    means: str
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A way to end: a leaf such as ``war.nuclear``.

    Attributes:
        tests: Conditions from the outermost outcome inwards, all of which must hold; each with
            whether it ends the play at once (False: judged only when the play is over).
    """

    id: str
    means: str
    tests: tuple[tuple[Bound | None, bool], ...]
    resolved_by: str
    date: str
    said: int | None
    cite: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeGroup:
    """An outcome with sub-outcomes; `leaves` are indices of outcomes."""

    id: str
    means: str
    leaves: tuple[int, ...]
    resolved_by: str
    date: str
    said: int | None
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Want:
    """What a type wants: a ranking input, or an amount for each outcome leaf."""

    ranking: int | None
    values: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """Moves seen at one turn: actor (-1 for chance) to move; ``unknown`` when nobody reports it."""

    date: str
    moves: Mapping[int, str]
    cite: tuple[str, ...] = ()
    means: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Theatre:
    """One theatre: its state, moves, play and outcomes.

    Attributes:
        actors: Names of the file's actors, in its order.
        moves: Every move and chance event by name.
        blocks: The play, repetition unrolled; the turns of one block happen together.
        wants: [actor][type] What each wants; None for an actor that does not care.
        tracked: Moves that conditions or claims ask about: they are remembered in the state.
    """

    id: str
    means: str
    actors: tuple[str, ...]
    variables: tuple[Variable, ...]
    moves: Mapping[str, Move]
    blocks: tuple[tuple[Turn, ...], ...]
    rules: tuple[CostRule, ...]
    outcomes: tuple[Outcome, ...]
    groups: tuple[OutcomeGroup, ...]
    wants: tuple[tuple[Want | None, ...], ...]
    history: tuple[Observation, ...]
    tracked: tuple[str, ...]

    def bounds(self) -> Iterator[Bound]:
        """Every expression of the theatre."""
        found: list[Bound | None] = [turn.when for block in self.blocks for turn in block]
        for move in self.moves.values():
            found += [move.when, move.probability, *(value for _, value in move.sets)]
            found += [cost.amount for cost in move.costs]
        for rule in self.rules:
            found += [rule.when, rule.cost.amount]
        found += [test for outcome in self.outcomes for test, _ in outcome.tests]
        found += [value for wants in self.wants for want in wants if want for value in want.values]
        yield from (bound for bound in found if bound is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """An item of evidence about something hidden.

    Attributes:
        event: What it is about.
        says: The same as written, with `not` if it denies it.
        ratio: Input of its likelihood ratio.
        counts: False for all of one origin but the one worth most: shown, but changes nothing.
    """

    id: str
    date: str
    source: str
    grade: str
    event: Hidden
    says: str
    denies: bool
    ratio: int
    origin: str
    status: str
    means: str
    cite: tuple[str, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """What kind of sentence a sentence of the assessment is."""

    sentence: str
    status: str
    gist: str
    by: str
    opinion: bool


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """The prose: its author, day, and the files of text and pinned sentences (None if absent)."""

    by: str
    date: str
    title: str
    text: Path | None
    sentences: Path | None


@dataclass(frozen=True, eq=False)
class Scenario:
    """A written assessment as a runnable strategic model.

    Attributes:
        path: The file.
        files: The file, then those it extends.
        digest: SHA-256 of the file and of those it extends.
        question: What the forecast answers; may be empty.
        horizon: Day at which it ends; may be empty.
        inputs: Every uncertain number; indices elsewhere point here.
        citations: Sentence id to the names of the elements that rest on it.
    """

    path: Path
    files: tuple[Path, ...]
    digest: str
    title: str
    question: str
    horizon: str
    assessment: Assessment
    actors: tuple[Actor, ...]
    beliefs: tuple[Belief, ...]
    theatres: tuple[Theatre, ...]
    inputs: tuple[Input, ...]
    evidence: tuple[Report, ...]
    statements: tuple[Statement, ...]
    claims: tuple[Claim, ...]
    citations: Mapping[str, tuple[str, ...]]
