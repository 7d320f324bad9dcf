"""Resolving outcomes, and what each actor wants of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from escalade.scenario import schema
from escalade.scenario.expressions import Bound
from escalade.scenario.faults import LanguageFault, quote, suggest
from escalade.scenario.rankings import read_ranking
from escalade.scenario.reading import Path_
from escalade.scenario.scenario import Actor, Outcome, OutcomeGroup, Want
from escalade.scenario.stage_names import StageNames

Tests = tuple[tuple[Bound | None, bool], ...]


@dataclass
class _Collected:
    """Outcomes found so far: those that are not divided further, and those that are."""

    leaves: list[Outcome] = field(default_factory=list)
    groups: list[OutcomeGroup] = field(default_factory=list)


def read_outcomes(names: StageNames) -> tuple[tuple[Outcome, ...], tuple[OutcomeGroup, ...]]:
    """The outcomes that are not divided further, and those that are."""
    found = _Collected()
    path = (*names.at, "outcomes")
    _collect(names, path, names.stage.outcomes, ("", ()), found)
    return tuple(found.leaves), tuple(found.groups)


def _collect(
    names: StageNames,
    path: Path_,
    given: Mapping[str, schema.Outcome],
    above: tuple[str, Tests],
    found: _Collected,
) -> None:
    """Add outcomes; `above` is the prefix of their names and the tests of what includes them.

    What is `otherwise` is judged last, wherever a rival file has added its own outcomes.
    """
    names.reading.names(path, dict(given), "an outcome")
    if not any(outcome.otherwise for outcome in given.values()):
        names.reading.fault(path, "an end of the play may match no outcome",
                            "Give the last one `otherwise: true`.")  # fmt: skip
    prefix, outer = above
    last = sorted(given.items(), key=lambda item: item[1].otherwise)
    for id, outcome in last:
        here, full = (*path, id), prefix + id
        tests = (*outer, _test(names, here, id, outcome))
        said = None
        if outcome.said is not None:
            said = names.reading.number((*here, "said"), outcome.said, "probability",
                                        cite=outcome.cite)  # fmt: skip
        if outcome.date:
            names.reading.day((*here, "date"), outcome.date)
        means = outcome.means or id.replace("_", " ")
        deadline = outcome.date or names.reading.file.horizon
        cite = names.reading.cite(here, outcome.cite, ".".join(map(str, here)))
        if not outcome.includes:
            found.leaves.append(Outcome(full, means, tests, outcome.resolved_by, deadline, said,
                                        cite, names.reading.line(here)))  # fmt: skip
            continue
        first = len(found.leaves)
        _collect(names, (*here, "includes"), outcome.includes, (full + ".", tests), found)
        parts = tuple(range(first, len(found.leaves)))
        found.groups.append(OutcomeGroup(full, means, parts, outcome.resolved_by, deadline, said,
                                         cite))  # fmt: skip


def _test(
    names: StageNames, path: Path_, id: str, outcome: schema.Outcome
) -> tuple[Bound | None, bool]:
    """Condition of an outcome, and whether it ends the play at once."""
    given = [bool(outcome.when), bool(outcome.finally_), outcome.otherwise]
    if sum(given) != 1:
        names.reading.fault(path, f"outcome {quote(id)} needs one of when, finally, otherwise")
    text = outcome.when or outcome.finally_
    where = (*path, "when" if outcome.when else "finally")
    return names.condition(where, text), bool(outcome.when)


def read_wants(
    names: StageNames, wants: Mapping[str, schema.Wants | None], outcomes: Sequence[Outcome]
) -> tuple[tuple[Want | None, ...], ...]:
    """[actor][type] What each type wants of the outcomes; None where nothing is said."""
    base = (*names.at, "wants") if names.at else ("actors",)
    for name in wants:
        names.actor((*base, name), name)
    return tuple(
        _wants_of(names, (*base, actor.id, *(() if names.at else ("wants",))), actor,
                       wants.get(actor.id), outcomes)
        for actor in names.actors
    )  # fmt: skip


def _wants_of(
    names: StageNames,
    path: Path_,
    actor: Actor,
    given: schema.Wants | None,
    outcomes: Sequence[Outcome],
) -> tuple[Want | None, ...]:
    if given is None:
        return (None,) * len(actor.types)
    if given.all is not None:
        want = _want(names, path, given.all, outcomes)
        return (want,) * len(actor.types)
    known = {t.id: t for t in actor.types}
    for name in given.by_type:
        names.reading.named((*path, name), name, known, f"type of {actor.id}")
    for id in known:
        if id not in given.by_type:
            names.reading.fault(path, f"nothing says what {actor.id}.{id} wants",
                               f"Add a ranking for {quote(id)}.")  # fmt: skip
    return tuple(
        _want(names, (*path, id), given.by_type[id], outcomes) if id in given.by_type else None
        for id in known
    )


def _want(
    names: StageNames, path: Path_, given: schema.Want, outcomes: Sequence[Outcome]
) -> Want | None:
    element = ".".join(map(str, path))
    names.reading.cite(path, given.cite, element)
    leaves = [outcome.id for outcome in outcomes]
    if bool(given.ranking) == bool(given.values):
        names.reading.fault(path, "give either a ranking or values")
        return None
    if given.values:
        return _values(names, (*path, "values"), given, leaves)
    try:
        ranking = read_ranking(given.ranking, leaves)
    except LanguageFault as fault:
        names.reading.fault(path, fault.message, fault.advice, offset=fault.offset)
        return None
    return Want(names.reading.input(path, ranking, "ranking", cite=given.cite))


def _values(names: StageNames, path: Path_, given: schema.Want, leaves: Sequence[str]) -> Want:
    amounts: dict[str, Bound] = {}
    for name, value in sorted(given.values.items(), key=lambda item: item[0].count(".")):
        covered = [leaf for leaf in leaves if is_part(leaf, name)]
        if not covered:
            names.reading.fault((*path, name), f"there is no outcome {quote(name)}",
                               suggest(name, leaves))  # fmt: skip
        amount = names.reading.amount((*path, name), value, "utility", names.scope,
                                     cite=given.cite)  # fmt: skip
        amounts.update(dict.fromkeys(covered, amount))
    missing = [leaf for leaf in leaves if leaf not in amounts]
    if missing:
        names.reading.fault(path, f"no value for {', '.join(map(quote, missing))}")
    return Want(None, tuple(amounts[leaf] for leaf in leaves if leaf in amounts))


def is_part(leaf: str, name: str) -> bool:
    """Whether an outcome is another or one of its sub-outcomes."""
    return leaf == name or leaf.startswith(name + ".")
