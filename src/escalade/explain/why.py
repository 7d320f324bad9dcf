"""Why: the inputs, claims and sentences that the uncertainty of a forecast rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.explain.change import idle
from escalade.explain.deletion import Deletion, delete, delete_anew, worlds_asked
from escalade.explain.ignorance import deletable, require_deletable, structure
from escalade.explain.shares import Shares, changes, handed_over, orders, split
from escalade.explain.subjects import Subject, find_subject, subjects
from escalade.explain.variants import canonical, open_plan, open_values, solve_variants
from escalade.forecast.draws import Cube, dimensions, values_at, word_group
from escalade.forecast.forecast import Forecast
from escalade.forecast.worlds import Solver
from escalade.scenario.scenario import Fitted, Input, Scenario
from escalade.solve import solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAIRS, WALKED = 192, 8192
"""Pairs of worlds by which shares are measured, and worlds between them: fewer pairs are taken
where many inputs are uncertain."""

MEANING = "what the author means by "
"""How inputs that are no numbers of the file, but words, are called."""

FEWEST, FEW = 8, 64
"""Pairs below which shares are withheld, and below which they are called rough."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Something uncertain: an input, or what an author means by words of one group.

    Attributes:
        name: Path of the input in the file, or ``words.low`` and the like.
        means: What it is, in words; may be empty.
        written: As the author wrote it; of words, those of the group.
        cite: Sentences it rests on; empty for an assumption.
        index: Index of the input; -1 for words.
        group: Group of the words; empty for an input.
        source: File of the estimate that it is; empty for others.
    """

    name: str
    means: str
    written: str
    cite: tuple[str, ...]
    index: int = -1
    group: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ShareRow:
    """The share of one uncertain input, or of all that rests on one sentence.

    Attributes:
        name: As of what is uncertain; or the id of the sentence, ``assumptions`` for inputs that
            cite none, ``estimates`` for those that were fitted to past cases and cite none,
            ``words`` for what the author means by words.
        share: Share of the variance across worlds; all of one list sum to 1. NaN where nothing
            varies or where too few worlds count.
        low: Lower end of its interval.
        high: Upper end of its interval.
    """

    name: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Explained:
    """What the uncertainty of one outcome or claim rests on, the largest share first.

    Attributes:
        inputs: One row per uncertain input or group of words.
        sentences: One row per sentence; those that cite several count for each in equal parts.
    """

    subject: Subject
    inputs: tuple[ShareRow, ...]
    sentences: tuple[ShareRow, ...]


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """What rests on one sentence.

    Attributes:
        inputs: Inputs that fall back to ignorance without it.
        structure: Elements of the file that are no numbers; without them there is no model to ask.
    """

    sentence: str
    inputs: tuple[str, ...]
    structure: tuple[str, ...]


@dataclass(frozen=True)
class Why:
    """What a forecast rests on.

    Attributes:
        uncertain: Everything uncertain, in the order of the file.
        explained: One entry per outcome and claim.
        sentences: Every sentence that something rests on.
        deletions: What the forecast would be without each sentence that numbers rest on.
        pairs: Pairs of worlds by which shares were measured.
        worlds: Worlds solved again without each sentence.
        warnings: What a reader must know before using the numbers.
    """

    base: Forecast
    uncertain: tuple[Uncertain, ...]
    explained: tuple[Explained, ...]
    sentences: tuple[SentenceRow, ...]
    deletions: tuple[Deletion, ...]
    pairs: int
    worlds: int
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The content of ``why --json``."""
        return {
            "title": self.base.scenario.title,
            "assessment_by": self.base.scenario.assessment.by,
            "pairs": self.pairs,
            "worlds": self.worlds,
            "uncertain": [
                {"name": one.name, "means": one.means, "written": one.written, "cite": one.cite}
                for one in self.uncertain
            ],
            "subjects": [
                {
                    "theatre": each.subject.theatre,
                    "name": each.subject.name,
                    "probability": each.subject.probability,
                    "low": each.subject.low,
                    "high": each.subject.high,
                    "inputs": [asdict(row) for row in each.inputs],
                    "sentences": [asdict(row) for row in each.sentences],
                }
                for each in self.explained
            ],
            "sentences": [asdict(row) for row in self.sentences],
            "deletions": [deletion.as_dict() for deletion in self.deletions],
            "warnings": list(self.warnings),
            "provenance": self.base.provenance,
        }


def why(
    base: Forecast,
    *,
    outcome: str = "",
    pairs: int | None = None,
    deletions: bool = True,
    solver: Solver = solve,
) -> Why:
    """What the uncertainty of a forecast rests on.

    Args:
        base: The forecast.
        outcome: Name of the only outcome or claim to explain, such as ``war`` or
            ``ukraine.larger_war``; empty for all.
        pairs: Pairs of worlds; by default `PAIRS`, or what keeps to `WALKED` worlds. No more are
            taken than half the effective worlds.
        deletions: Whether to ask for every sentence what the forecast would be without it.
        solver: What solves a game.

    Returns:
        The explanation. Its shares do not depend on the order of the draws.

    Raises:
        ValueError: If `pairs` is out of bounds.
        EscaladeError: If nothing, or several things, are named `outcome`.
    """
    if pairs is not None and pairs < 1:
        raise ValueError(f"pairs is {pairs}; it must be at least 1")
    uncertain, asked = tuple(_uncertain(base.scenario)), _asked(base, outcome)
    wanted = pairs or max(FEW, min(PAIRS, WALKED // max(len(uncertain), 1)))
    taken = min(wanted, int(base.effective_draws / 2))
    cited = tuple(_sentences(base.scenario))
    measured = taken if taken >= FEWEST else 0
    shares = _shares(base, uncertain, asked, measured, solver)
    deletions = deletions and not base.rejuvenation
    each = [row.sentence for row in cited if row.inputs] if deletions else []
    return Why(
        base=base,
        uncertain=uncertain,
        explained=tuple(_explained(uncertain, asked, shares)),
        sentences=cited,
        deletions=delete(base, [(s,) for s in each], asked, solver=solver),
        pairs=measured,
        worlds=len(worlds_asked(base)),
        warnings=(*base.warnings, *_warnings(base, measured)),
    )


def _asked(base: Forecast, outcome: str) -> tuple[Subject, ...]:
    """What is explained: everything, or the outcome or claim of that name."""
    named = find_subject(base.scenario, outcome) if outcome else None
    every = subjects(base)
    return tuple(each for each in every if named in (None, (each.theatre, each.name)))


def _warnings(base: Forecast, pairs: int) -> Iterator[str]:
    if base.rejuvenation:
        yield ("without a sentence other worlds fit the history, which would be drawn anew: ask "
               "for one at a time, with `why --without`")  # fmt: skip
    if not pairs:
        yield "too few model worlds count for shares: draw more"
    elif pairs < FEW:
        yield f"{pairs} pairs of worlds are few: shares are rough; draw more worlds"


def _sentences(scenario: Scenario) -> Iterator[SentenceRow]:
    """What rests on each sentence, in the order of the text."""
    for sentence in scenario.citations:
        inputs = tuple(scenario.inputs[i].name for i in deletable(scenario, sentence))
        shape = structure(scenario, sentence)
        if inputs or shape:
            yield SentenceRow(sentence, inputs, shape)


def _uncertain(scenario: Scenario) -> Iterator[Uncertain]:
    """Every uncertain input that a forecast reads, then the groups of words among them."""
    still = idle(scenario)
    used = [
        (i, item)
        for i, item in enumerate(scenario.inputs)
        if i not in still and dimensions(item.value)
    ]
    for index, item in used:
        source = item.value.path.name if isinstance(item.value, Fitted) else ""
        yield Uncertain(item.name, item.means, item.value.text, item.cite, index, source=source)
    for group in sorted({found for _, item in used if (found := word_group(item.value))}):
        said = [item.value.text for _, item in used if word_group(item.value) == group]
        means = f"{MEANING}words such as {said[0]}"
        words = ", ".join(dict.fromkeys(said))
        yield Uncertain(f"words.{group}", means, words, (), group=group)


# Shares


def _shares(
    base: Forecast,
    uncertain: Sequence[Uncertain],
    asked: Sequence[Subject],
    n_pairs: int,
    solver: Solver,
) -> Shares:
    """Shares of every subject, from walks between pairs of worlds."""
    if not n_pairs or not uncertain:
        nothing = np.full((len(asked), 1, len(uncertain)), np.nan)
        return Shares(nothing[:, 0], nothing)
    seed = base.inputs.seed
    first, second = _pairs(base, n_pairs)
    places = orders(n_pairs, len(uncertain), seed)
    between = handed_over(places)[:, :, 1:-1]
    inner = base.worlds  # a single input has no worlds on the way
    if between.size:
        values = open_values(base.scenario, _mixed(base, uncertain, (first, second), between))
        inner = solve_variants(open_plan(base.scenario), values, solver=solver)
    walks = []
    for subject in asked:
        ends = subject.explained(base, base.worlds)
        way = subject.explained(base, inner)[: between[0].size].reshape(between.shape[1:])
        walks.append(np.concatenate([ends[first, None], way, ends[second, None]], axis=1))
    return split(changes(np.stack(walks), places), seed)


def _pairs(base: Forecast, n_pairs: int) -> tuple[Ints, Ints]:
    """Two worlds for every pair, each as often as its weight says."""
    order = canonical(base)
    below = np.cumsum(base.worlds.weight[order])
    first, second = (
        order[np.searchsorted(below, (np.arange(n_pairs) + at) / n_pairs * below[-1])]
        for at in (0.25, 0.75)
    )
    return first, np.random.default_rng(base.inputs.seed).permutation(second)


def _mixed(
    base: Forecast,
    uncertain: Sequence[Uncertain],
    pair: tuple[Ints, Ints],
    between: NDArray[np.bool_],
) -> list[Floats]:
    """Values of every input on the way from the first world of each pair to the second.

    Args:
        base: The forecast.
        uncertain: What is handed over.
        pair: [pair] The two worlds.
        between: [uncertain, pair, step] Whether each has been handed over.

    Returns:
        For each input, [pair and step] its values, or [stratum, pair and step].
    """
    scenario, inputs = base.scenario, base.inputs
    own = {one.index: between[i] for i, one in enumerate(uncertain) if one.index >= 0}
    effects = {one.group: between[i] for i, one in enumerate(uncertain) if one.group}
    words = any(word_group(item.value) for item in scenario.inputs)
    where = inputs.where if words else None
    stay = np.zeros(between.shape[1:], bool)
    values = []
    for index, item in enumerate(scenario.inputs):
        moved = own.get(index, stay)
        by_words = effects.get(word_group(item.value))
        if where is None or by_words is None:
            mixed = np.where(
                moved,
                inputs.values[index][..., pair[1], None],
                inputs.values[index][..., pair[0], None],
            )
        else:
            table = np.array([[_worded(item, where, index, i, j) for j in pair] for i in pair])
            here = np.broadcast_to(np.arange(len(stay))[:, None], stay.shape)
            mixed = table[moved.astype(int), by_words.astype(int), here]
        values.append(mixed.reshape(*mixed.shape[:-2], -1))
    return values


def _worded(item: Input, where: Cube, index: int, own: Ints, effect: Ints) -> Floats:
    """Values of a likelihood word: its own points from some worlds, the author's from others."""
    group = word_group(item.value)
    points = Cube((where.points[index][:, own],), {group: where.effects[group][effect]})
    return values_at([item], points, len(own))[0]


# Rows


def _explained(
    uncertain: Sequence[Uncertain], asked: Sequence[Subject], shares: Shares
) -> Iterator[Explained]:
    """The rows of every subject."""
    names, parts = _parts(uncertain)
    by_input, by_sentence = shares.of(np.eye(len(uncertain))), shares.of(parts)
    for k, subject in enumerate(asked):
        yield Explained(
            subject,
            _rows([one.name for one in uncertain], [x[k] for x in by_input]),
            _rows(names, [x[k] for x in by_sentence]),
        )


def _parts(uncertain: Sequence[Uncertain]) -> tuple[list[str], Floats]:
    """Sentences, and [sentence, uncertain] how much of each rests on each of them."""
    rests = [
        one.cite or ("words" if one.group else "estimates" if one.source else "assumptions",)
        for one in uncertain
    ]
    names = list(dict.fromkeys(name for cite in rests for name in cite))
    parts = np.zeros((len(names), len(uncertain)))
    for column, cite in enumerate(rests):
        for name in cite:
            parts[names.index(name), column] += 1 / len(cite)
    return names, parts


def _rows(names: Sequence[str], found: Sequence[Floats]) -> tuple[ShareRow, ...]:
    rows = [ShareRow(name, *map(float, each)) for name, *each in zip(names, *found, strict=True)]
    return tuple(sorted(rows, key=lambda row: -row.share))


def deleted(
    base: Forecast, sentences: Sequence[str], *, outcome: str = "", solver: Solver = solve
) -> Deletion:
    """What the forecast would be without some sentences, from as many worlds as it has.

    Args:
        base: The forecast.
        sentences: Sentences such as ``p4.s2``, deleted together.
        outcome: As in `why`.
        solver: What solves a game.

    Raises:
        EscaladeError: If no number rests on one of them, or nothing is named `outcome`.
    """
    for sentence in sentences:
        require_deletable(base.scenario, sentence)
    asked = _asked(base, outcome)
    if base.rejuvenation:
        return delete_anew(base, tuple(sentences), asked, solver=solver)
    (found,) = delete(base, [tuple(sentences)], asked, most=base.draws, solver=solver)
    return found
