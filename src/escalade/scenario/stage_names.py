"""The names of one theatre: its state variables, moves and events, and who can be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from escalade.scenario import schema
from escalade.scenario.expressions import Bound, Scope
from escalade.scenario.faults import quote
from escalade.scenario.reading import Path_, Reading
from escalade.scenario.scenario import Actor
from escalade.scenario.variables import Variable


@dataclass
class StageNames:
    """What the parts of one theatre share while they are resolved.

    Attributes:
        at: Path of the theatre in the file; empty for a file with one theatre.
        quantity: What each named quantity stands for.
        bounds: Every expression bound so far.
        events: Chance events by name, with their paths: written where they happen, known
            everywhere.
    """

    reading: Reading
    at: Path_
    stage: schema.Stage
    actors: Sequence[Actor]
    quantity: Mapping[str, Bound]
    bounds: list[Bound | None] = field(default_factory=list)
    events: dict[str, tuple[Path_, schema.Event]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.actor_index = {actor.id: i for i, actor in enumerate(self.actors)}
        self.variables = self._variables()
        self._collect_events((*self.at, "play"), self.stage.play)
        moves = [*self.stage.moves, *self.events]
        self.scope = Scope({v.id: v for v in self.variables}, dict(self.quantity), moves)

    def _variables(self) -> tuple[Variable, ...]:
        path = (*self.at, "state")
        self.reading.names(path, dict(self.stage.state), "a state variable")
        return tuple(
            self._variable((*path, id), id, index, variable)
            for index, (id, variable) in enumerate(self.stage.state.items())
        )

    def _variable(self, path: Path_, id: str, index: int, given: schema.Variable) -> Variable:
        self.reading.cite(path, given.cite, ".".join(map(str, path)))
        kinds = [k for k in ("levels", "number", "flag") if getattr(given, k) is not None]
        if len(kinds) != 1:
            self.reading.fault(path, f"{quote(id)} needs one of levels, number, flag")
        if given.levels is not None:
            self.reading.names((*path, "levels"), given.levels, "a level")
            start = given.start or given.levels[0]
            known = {level: level for level in given.levels}
            start = self.reading.named((*path, "start"), start, known, "level") or given.levels[0]
            if len(known) < len(given.levels):
                self.reading.fault((*path, "levels"), "a level stands here twice")
                return Variable(id, index, "levels", tuple(given.levels))
            return Variable.ladder(id, index, tuple(given.levels), start)
        if given.number is not None:
            if not given.min <= given.number <= given.max:
                self.reading.fault((*path, "number"), f"{given.number:g} lies outside "
                                   f"{given.min:g} to {given.max:g}")  # fmt: skip
            return Variable(id, index, "number", (), given.number, given.min, given.max)
        return Variable.flag(id, index, bool(given.flag))

    def _collect_events(self, path: Path_, play: Sequence[schema.Turn]) -> None:
        """Chance events are written where they happen; their names are known everywhere."""
        for index, turn in enumerate(play):
            here = (*path, index)
            for id, event in (turn.chance or {}).items():
                where = (*here, "chance", id)
                self.reading.names(where[:-1], [id], "an event")
                if id in self.stage.moves or id in self.events:
                    self.reading.fault(where, f"{quote(id)} stands for two things",
                                       "Give the event a name of its own.")  # fmt: skip
                self.events[id] = (where, event)
            if turn.repeat:
                self._collect_events((*here, "repeat", "play"), turn.repeat.play)

    def condition(self, path: Path_, text: str) -> Bound | None:
        """A condition on the state of this theatre; empty text is none."""
        bound = self.reading.condition(path, text, self.scope)
        self.bounds.append(bound)
        return bound

    def actor(self, path: Path_, name: str) -> int | None:
        """Index of an actor; an unknown name is a fault."""
        return self.reading.named(path, name, self.actor_index, "actor")

    def payer(self, path: Path_, name: str) -> tuple[int, int | None] | None:
        """An actor, or one type of an actor."""
        actor, _, type_ = name.partition(".")
        index = self.actor(path, actor)
        if index is None or not type_:
            return None if index is None else (index, None)
        types = {t.id: i for i, t in enumerate(self.actors[index].types)}
        found = self.reading.named(path, type_, types, f"type of {actor}")
        return None if found is None else (index, found)
