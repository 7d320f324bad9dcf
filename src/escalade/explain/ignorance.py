"""Ignorance: what an input falls back to when the sentence it rests on is deleted."""

from __future__ import annotations

import math
from dataclasses import replace

from escalade.errors import EscaladeError
from escalade.explain.change import idle
from escalade.explain.variants import unordered
from escalade.scenario.expressions import Bound, quantities
from escalade.scenario.faults import quote
from escalade.scenario.scenario import Fitted, Input, Ranking, Scenario, Value
from escalade.scenario.values import Z90, Distribution, Kind, parse_value

WIDE: dict[str, tuple[Kind, str]] = {
    "probability": ("probability", "uniform(0, 1)"),
    "utility": ("utility", "uniform(0, 1)"),
    "cost": ("cost", "0.002 to 2"),
    "precision": ("precision", "2 to 70"),
    "weight": ("weight", "0.1 to 10"),
}
"""By kind of input, what is written for knowing nothing: any probability; a cost from negligible
to prohibitive; a precision from impulsive to calculating; a habit weight around 1."""

MAGNITUDE = 10.0
"""By what factor a quantity in units of its own may be smaller or larger than written."""


def ignorance(item: Input) -> Value:
    """What is known of an input when nothing is: see docs/explain.md."""
    if isinstance(item.value, Ranking):
        return unordered(item.value)
    if isinstance(item.value, Fitted):
        return _apart(item.value)
    if item.kind == "likelihood_ratio":
        return Distribution("fixed", (1.0,), "1")
    if _has_units(item):
        return _magnitude(item.value.median)
    kind, text = WIDE[item.kind]
    return parse_value(text, kind)


def _has_units(item: Input) -> bool:
    """Whether a number is a quantity in units of its own, not a cost in units of utility."""
    own = item.name.startswith("quantities.") and item.unit != "utility"
    return item.kind == "real" or (item.kind == "cost" and own)


def _apart(value: Fitted) -> Fitted:
    """Coefficients far from 0 on either side, scales within a factor; none tells of another."""
    spread = [
        math.log(MAGNITUDE) if power else MAGNITUDE * abs(mean) or 1.0
        for mean, power in zip(value.mean, value.power, strict=True)
    ]
    size = len(spread)
    root = tuple(
        tuple(s / Z90 if i == j else 0.0 for j in range(size)) for i, s in enumerate(spread)
    )
    mean = tuple(m if p else 0.0 for m, p in zip(value.mean, value.power, strict=True))
    return replace(value, mean=mean, root=root, sample=(), text="anything")


def _magnitude(median: float) -> Distribution:
    """Nine times in ten within a factor of the median; as far from 0 where it is not positive."""
    if median > 0:
        return parse_value(f"{median / MAGNITUDE:.3g} to {median * MAGNITUDE:.3g}", "cost")
    far = MAGNITUDE * abs(median) or 1.0
    return parse_value(f"{-far:.3g} to {far:.3g}", "real")


def deletable(scenario: Scenario, sentence: str) -> tuple[int, ...]:
    """The inputs that rest on a sentence and can be anything.

    Left out are those that no forecast reads, and those that say what can happen: the tree is one
    for all worlds.
    """
    fixed = _shaping(scenario) | idle(scenario)
    return tuple(
        index
        for index, item in enumerate(scenario.inputs)
        if sentence in item.cite and index not in fixed
    )


def _shaping(scenario: Scenario) -> set[int]:
    """Inputs that decide what can happen, and so the tree."""
    found: list[Bound | None] = []
    for theatre in scenario.theatres:
        found += [turn.when for block in theatre.blocks for turn in block]
        found += [rule.when for rule in theatre.rules]
        found += [test for outcome in theatre.outcomes for test, _ in outcome.tests]
        for move in theatre.moves.values():
            found += [move.when, *(value for _, value in move.sets)]
    return {index for bound in found if bound is not None for index in quantities(bound)}


def structure(scenario: Scenario, sentence: str) -> tuple[str, ...]:
    """The elements that rest on a sentence and are no numbers: moves, turns, outcomes, history."""
    numbers = {item.name for item in scenario.inputs if sentence in item.cite}
    return tuple(
        name
        for name in scenario.citations.get(sentence, ())
        if not name.startswith("claims.")
        and not any(number == name or number.startswith(name + ".") for number in numbers)
    )


def require_deletable(scenario: Scenario, sentence: str) -> None:
    """Make sure that some number rests on a sentence, so that it can be deleted.

    Raises:
        EscaladeError: If none does, saying what does.
    """
    if deletable(scenario, sentence):
        return
    if shape := structure(scenario, sentence):
        raise EscaladeError(f"{sentence} holds up the structure: {', '.join(shape)}\n"
                            "    Without it there is no model to ask.")  # fmt: skip
    if sentence in scenario.citations:
        raise EscaladeError(f"no forecast rests on {sentence}: it says what one is compared with")
    cited = [s for s in scenario.citations if deletable(scenario, s)]
    raise EscaladeError(f"nothing rests on {quote(sentence)}\n    Sentences that numbers rest on "
                        f"are {', '.join(cited) or 'none'}.")  # fmt: skip
