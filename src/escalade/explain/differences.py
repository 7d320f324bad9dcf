"""What differs between two assessments, as elements that can be exchanged one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from escalade.explain.change import idle
from escalade.scenario.bound import BoundNumber, QuantityRef
from escalade.scenario.claims import PastMove
from escalade.scenario.scenario import (
    Actor,
    Fitted,
    Input,
    Move,
    Observation,
    Ranking,
    Scenario,
    Theatre,
    Type,
    Value,
)

MOST_ELEMENTS = 24
"""More differences than these are exchanged in groups: those of an actor, of a theatre's moves."""

STRUCTURE = "structure"
"""Everything but the inputs that both have, where actors or types differ."""

_WORDS = frozenset(["means", "cite", "line", "name", "code", "resolved_by", "date", "said", "grade",
                    "source", "status", "origin", "says"])  # fmt: skip
"""Fields that no forecast depends on. (A history is compared with the dates of its moves.)"""

_INPUTS = frozenset(["habit", "ranking", "share", "precision", "value", "ratio", "said"])
"""Fields that hold the index of an input, where they hold a whole number."""


@dataclass(frozen=True)
class Element:
    """Something that differs and can be exchanged by itself.

    Attributes:
        name: Its path in the file, or that of a group of differences.
        inputs: Inputs of which the value differs.
        parts: Parts of the structure that differ: wants, costs of a move, a theatre's play.
        ours: What the first file says, as written; empty for structure.
        theirs: What the other says.
        cite: Sentences it rests on in the first file.
        their_cite: Sentences it rests on in the other.
    """

    name: str
    inputs: frozenset[int] = frozenset()
    parts: frozenset[str] = frozenset()
    ours: str = ""
    theirs: str = ""
    cite: tuple[str, ...] = ()
    their_cite: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rivals:
    """Two scenarios over one list of inputs, and how they differ.

    Attributes:
        ours: The first; its inputs are those of the file, then those that only the other has.
        theirs: The other; an input that only the first has stands with the first's value.
        elements: What differs and may matter.
        idle: What differs and cannot matter, such as what the author said of an outcome.
    """

    ours: Scenario
    theirs: Scenario
    elements: tuple[Element, ...]
    idle: tuple[Element, ...]

    def mixed(self, taken: Sequence[Element]) -> Scenario:
        """The first scenario with some elements of the other."""
        swapped = frozenset().union(*(e.inputs for e in taken))
        exchanged = frozenset().union(*(e.parts for e in taken))
        inputs = tuple(
            theirs if i in swapped else ours
            for i, (ours, theirs) in enumerate(zip(self.ours.inputs, self.theirs.inputs,
                                                   strict=True))
        )  # fmt: skip
        return replace(_exchanged(self.ours, self.theirs, exchanged), inputs=inputs)


def differences(ours: Scenario, theirs: Scenario) -> Rivals:
    """What differs between two scenarios.

    Inputs are the same where their paths are; rules and chance events count by what they say and
    not by their place in a list. What is worded, cited, dated or claimed otherwise is no difference
    to a forecast.

    Args:
        ours: The first scenario.
        theirs: The other, with its keys in the order of the first's as far as that is free; see
            `read_scenario`.

    Returns:
        Both over one list of inputs, and what differs.
    """
    ours, theirs = _over_one_list(ours, theirs)
    found = [*_inputs(ours, theirs), *_bound(list(_parts(ours, theirs)), ours, theirs)]
    still = idle(ours) | idle(theirs)
    moot = tuple(e for e in found if e.inputs and e.inputs <= still)
    return Rivals(ours, theirs, _grouped([e for e in found if e not in moot]), moot)


def _over_one_list(ours: Scenario, theirs: Scenario) -> tuple[Scenario, Scenario]:
    """Both scenarios with their indices pointing into one list of inputs."""
    mine, other = _keys(ours), _keys(theirs)
    place = {key: index for index, key in enumerate(mine)}
    new = [key for key in other if key not in place]
    place |= {key: len(mine) + i for i, key in enumerate(new)}
    values = dict(zip(other, theirs.inputs, strict=True))
    added = tuple(values[key] for key in new)
    index = [place[key] for key in other]
    tracked = [
        tuple(sorted({*a.tracked, *b.tracked} & {*a.moves, *b.moves}))
        for a, b in zip(ours.theatres, theirs.theatres, strict=True)
    ]
    inputs = (*(values.get(key, item) for key, item in zip(mine, ours.inputs, strict=True)), *added)

    def all_tracked(scenario: Scenario) -> tuple[Theatre, ...]:
        pairs = zip(scenario.theatres, tracked, strict=True)
        return tuple(replace(t, tracked=some) for t, some in pairs)

    there = replace(_renumbered(replace(theirs, inputs=(), claims=()), index), inputs=inputs)
    here = replace(ours, inputs=(*ours.inputs, *added), claims=())
    return replace(here, theatres=all_tracked(here)), replace(there, theatres=all_tracked(there))


def _keys(scenario: Scenario) -> list[str]:
    """A name for each input that does not depend on its place in a list."""
    rules = {
        _at(scenario, theatre.id, f"costs.{index}"): _rule(theatre, index)
        for theatre in scenario.theatres
        for index in range(len(theatre.rules))
    }
    found: dict[str, int] = {}
    keys = []
    for item in scenario.inputs:
        name = re.sub(r"\bplay\.[\w.]*?chance\.", "play.chance.", item.name)
        head = name.rpartition(".")[0]
        name = name.replace(head, rules[head]) if head in rules else name
        found[name] = found.get(name, 0) + 1
        keys.append(name if found[name] == 1 else f"{name} ({found[name]})")
    return keys


def _rule(theatre: Theatre, index: int) -> str:
    """A cost rule by who pays for what after what."""
    rule = theatre.rules[index]
    ends = sorted(theatre.outcomes[i].id for i in rule.outcomes)
    of = ",".join([*sorted(rule.moves), *ends])
    payer = f"{theatre.actors[rule.cost.actor]}.{rule.cost.type}"
    return f"{theatre.id}.costs to {payer} of {of} after {','.join(rule.after)}"


def _at(scenario: Scenario, theatre: str, path: str) -> str:
    """A path inside a theatre, as names of inputs have it."""
    return f"theatres.{theatre}.{path}" if len(scenario.theatres) > 1 else path


def _renumbered(value: Any, index: Sequence[int]) -> Any:
    """The same with every index of an input replaced."""
    if isinstance(value, QuantityRef):
        return replace(value, index=index[value.index])
    if isinstance(value, BoundNumber):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            f.name: index[old]
            if f.name in _INPUTS and type(old) is int
            else _renumbered(old, index)
            for f in fields(value)
            if f.init and (old := getattr(value, f.name)) is not None
        }
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(_renumbered(part, index) for part in value)
    if isinstance(value, Mapping):
        return {key: _renumbered(part, index) for key, part in value.items()}
    return value


def _content(value: Any) -> Any:
    """What a part of a scenario means, without its words, to be compared."""
    if isinstance(value, Observation):
        return value.date, _content(value.moves)
    if is_dataclass(value) and not isinstance(value, type):
        kept = (f.name for f in fields(value) if f.name not in _WORDS)
        return type(value).__name__, tuple((name, _content(getattr(value, name))) for name in kept)
    if isinstance(value, Mapping):
        return tuple(sorted((key, _content(part)) for key, part in value.items()))
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    return tuple(_content(part) for part in value) if isinstance(value, tuple) else value


def _value(value: Value) -> Any:
    """What an uncertain value means."""
    if isinstance(value, Ranking):
        return value.strata
    if isinstance(value, Fitted):
        return value.names, value.mean, value.root, value.power, value.sample
    return value.family, value.parameters, value.group


def _inputs(ours: Scenario, theirs: Scenario) -> Iterator[Element]:
    """Inputs that both have with another value."""
    for index, (a, b) in enumerate(zip(ours.inputs, theirs.inputs, strict=True)):
        if _value(a.value) != _value(b.value):
            yield Element(a.name, inputs=frozenset([index]), ours=a.value.text,
                          theirs=b.value.text, cite=a.cite, their_cite=b.cite)  # fmt: skip


def _parts(ours: Scenario, theirs: Scenario) -> Iterator[Element]:
    """Parts of the structure that differ."""
    a, b = _layout(ours, theirs), _layout(theirs, ours)
    for name, part in a.items():
        if _content(part) == _content(b[name]):
            continue
        said, cite = _said(name, part, ours.inputs)
        their_said, their_cite = _said(name, b[name], theirs.inputs)
        yield Element(name, parts=frozenset([name]), ours=said, theirs=their_said, cite=cite,
                      their_cite=their_cite)  # fmt: skip


def _bound(found: list[Element], ours: Scenario, theirs: Scenario) -> list[Element]:
    """The parts, with evidence about unseen moves kept beside the play that has these moves."""
    reports = (*ours.evidence, *theirs.evidence)
    if not any(isinstance(report.event, PastMove) for report in reports):
        return found
    tied = [e for e in found if e.name.endswith(("evidence", "play", "theatre"))]
    if len(tied) < 2:
        return found
    return [*(e for e in found if e not in tied), _group("evidence and play", tied)]


def _said(path: str, part: Any, inputs: Sequence[Input]) -> tuple[str, tuple[str, ...]]:
    """The values that a part of the structure uses, as written, and the sentences they rest on."""
    used = list[int]()
    if not isinstance(part, Theatre | Scenario):
        _renumbered(part, _Noted(used))
    items = [inputs[index] for index in dict.fromkeys(used)]
    names = [item.name.removeprefix(path + ".").removeprefix("values.") for item in items]
    said = [
        item.value.text if name == path else f"{name} {item.value.text}"
        for name, item in zip(names, items, strict=True)
    ]
    cite = dict.fromkeys(sentence for item in items for sentence in item.cite)
    return ", ".join(said), tuple(cite)


class _Noted(Sequence[int]):
    """A renumbering that changes nothing and notes what it is asked for."""

    def __init__(self, used: list[int]) -> None:
        self.used = used

    def __getitem__(self, index: Any) -> Any:
        self.used.append(index)
        return index

    def __len__(self) -> int:
        return len(self.used)


def _layout(scenario: Scenario, other: Scenario) -> dict[str, Any]:
    """The parts of a scenario that can be exchanged with another's, by their paths.

    A part can be exchanged by itself while it means the same in the other file: where actors or
    types differ nothing can; in a theatre, where the state, the moves or the outcomes do.
    """
    if _cast(scenario) != _cast(other):
        return {STRUCTURE: scenario}
    found: dict[str, Any] = {"beliefs": scenario.beliefs, "evidence": scenario.evidence}
    for actor in scenario.actors:
        found[f"actors.{actor.id}.types"] = actor.types
    for theatre, its in zip(scenario.theatres, other.theatres, strict=True):
        found |= _stage(scenario, theatre) if _board(theatre) == _board(its) else {
            _at(scenario, theatre.id, "theatre"): theatre}  # fmt: skip
    return found


def _cast(scenario: Scenario) -> Any:
    """Who plays, and what they may privately want."""
    return [(actor.id, [type_.id for type_ in actor.types]) for actor in scenario.actors]


def _board(theatre: Theatre) -> Any:
    """What indices and names in a theatre's parts refer to."""
    return (_content(theatre.variables), sorted(theatre.moves), [o.id for o in theatre.outcomes])


def _stage(scenario: Scenario, theatre: Theatre) -> dict[str, Any]:
    """The parts of one theatre."""
    found: dict[str, Any] = {}
    for actor, types in zip(scenario.actors, theatre.wants, strict=True):
        for type_, want in zip(actor.types, types, strict=True):
            found[_wants(scenario, theatre, actor, type_)] = want
    for name, move in theatre.moves.items():
        found[_at(scenario, theatre.id, f"moves.{name}")] = Move(
            name, "", habit=move.habit, costs=move.costs
        )
    found[_at(scenario, theatre.id, "costs")] = theatre.rules
    found[_at(scenario, theatre.id, "play")] = replace(
        theatre, wants=(), rules=(), means="", groups=(),
        moves={id: replace(move, habit=None, costs=()) for id, move in theatre.moves.items()},
    )  # fmt: skip
    return found


def _wants(scenario: Scenario, theatre: Theatre, actor: Actor, type_: Type) -> str:
    """Path of what a type wants."""
    several = len(scenario.theatres) > 1
    path = f"theatres.{theatre.id}.wants.{actor.id}" if several else f"actors.{actor.id}.wants"
    return f"{path}.{type_.id}" if len(actor.types) > 1 else path


def _exchanged(ours: Scenario, theirs: Scenario, names: frozenset[str]) -> Scenario:
    """The first scenario with some parts of the other."""
    if STRUCTURE in names:
        return theirs
    if not names:
        return ours
    actors = tuple(
        b if f"actors.{a.id}.types" in names else a
        for a, b in zip(ours.actors, theirs.actors, strict=True)
    )
    theatres = tuple(
        _exchanged_stage(ours, pair, names)
        for pair in zip(ours.theatres, theirs.theatres, strict=True)
    )
    return replace(
        ours, actors=actors, theatres=theatres,
        beliefs=theirs.beliefs if "beliefs" in names else ours.beliefs,
        evidence=theirs.evidence if "evidence" in names else ours.evidence,
    )  # fmt: skip


def _exchanged_stage(
    scenario: Scenario, pair: tuple[Theatre, Theatre], names: frozenset[str]
) -> Theatre:
    """A theatre with some parts of the other's."""

    def side(path: str) -> Theatre:
        return pair[_at(scenario, pair[0].id, path) in names]

    if side("theatre") is not pair[0]:
        return pair[1]
    moves = {
        id: replace(move, habit=side(f"moves.{id}").moves[id].habit,
                    costs=side(f"moves.{id}").moves[id].costs)
        for id, move in side("play").moves.items()
    }  # fmt: skip
    wants = tuple(
        tuple(pair[_wants(scenario, pair[0], actor, type_) in names].wants[a][t]
              for t, type_ in enumerate(actor.types))
        for a, actor in enumerate(scenario.actors)
    )  # fmt: skip
    return replace(side("play"), moves=moves, wants=wants, rules=side("costs").rules)


def _grouped(elements: Sequence[Element]) -> tuple[Element, ...]:
    """The elements, or groups of them where they are too many to be exchanged one by one."""
    for depth in (None, 2, 1):
        groups: dict[str, list[Element]] = {}
        for element in elements:
            groups.setdefault(_stem(element.name, depth), []).append(element)
        if len(groups) <= MOST_ELEMENTS:
            break
    return tuple(some[0] if len(some) == 1 else _group(name, some) for name, some in groups.items())


def _stem(name: str, depth: int | None) -> str:
    """The group of an element: an actor, a theatre's moves; at depth 1 a whole theatre."""
    if depth is None:
        return name
    steps = name.split(".")
    if steps[0] == "theatres":
        return ".".join(steps[: 1 + depth])
    return ".".join(steps[: depth if steps[0] == "actors" else 1])


def _group(name: str, elements: Sequence[Element]) -> Element:
    """Several elements as one."""
    return Element(
        f"{name} ({len(elements)})",
        inputs=frozenset().union(*(e.inputs for e in elements)),
        parts=frozenset().union(*(e.parts for e in elements)),
        cite=tuple(dict.fromkeys(s for e in elements for s in e.cite)),
        their_cite=tuple(dict.fromkeys(s for e in elements for s in e.their_cite)),
    )
