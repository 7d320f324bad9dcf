"""Resolving one theatre: state, moves, costs, outcomes, play, wants, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from escalade.scenario import schema
from escalade.scenario.expressions import Bound, Scope, bind_assignment, quantities
from escalade.scenario.faults import LanguageFault, quote, suggest
from escalade.scenario.rankings import read_ranking
from escalade.scenario.reading import Path_, Reading
from escalade.scenario.scenario import (
    ANALYST,
    Actor,
    Cost,
    CostRule,
    Move,
    Observation,
    Outcome,
    OutcomeGroup,
    Theatre,
    Turn,
    Want,
)
from escalade.scenario.variables import Variable

MAX_TURNS = 1000


@dataclass
class StageReader:
    """Resolves one theatre of a file; `at` is its path."""

    reading: Reading
    at: Path_
    stage: schema.Stage
    actors: Sequence[Actor]
    quantity: Mapping[str, int]
    bounds: list[Bound | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.actor_index = {actor.id: i for i, actor in enumerate(self.actors)}
        self.variables = self._variables()
        self.events: dict[str, tuple[Path_, schema.Event]] = {}
        self._collect_events((*self.at, "play"), self.stage.play)
        names = [*self.stage.moves, *self.events]
        self.scope = Scope({v.id: v for v in self.variables}, dict(self.quantity), names)

    def read(self, name: str, means: str, wants: Mapping[str, schema.Wants | None]) -> Theatre:
        """The theatre, resolved."""
        self.reading.names((*self.at, "moves"), dict(self.stage.moves), "a move")
        moves = {id: self._move(id, move) for id, move in self.stage.moves.items()}
        moves |= {id: self._event(id, path, event) for id, (path, event) in self.events.items()}
        outcomes, groups = self._outcomes()
        blocks = tuple(self._blocks((*self.at, "play"), self.stage.play))
        if not blocks:
            self.reading.fault((*self.at, "play"), "nobody moves", "List the turns under `play`.")
        if sum(len(block) for block in blocks) > MAX_TURNS:
            self.reading.fault((*self.at, "play"), f"more than {MAX_TURNS} turns",
                               "Repeat less often.")  # fmt: skip
        rules = tuple(self._rules(outcomes))
        after = {move for rule in rules for move in rule.after}
        return Theatre(
            id=name, means=means, variables=self.variables, moves=moves, blocks=blocks,
            rules=rules, outcomes=outcomes, groups=groups, wants=self._wants(wants, outcomes),
            history=tuple(self._history()),
            tracked=tuple(sorted(self.reading.tracked(self.bounds) | after)),
        )  # fmt: skip

    # State

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

    # Moves and chance events

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

    def _move(self, id: str, given: schema.Move) -> Move:
        path = (*self.at, "moves", id)
        if given.by:
            self.reading.named((*path, "by"), given.by, self.actor_index, "actor")
        habit = None
        if given.habit != 1.0:
            habit = self.reading.number((*path, "habit"), given.habit, "weight", cite=given.cite)
        return self._effect(id, path, given, habit=habit, variant_of=given.variant_of)

    def _event(self, id: str, path: Path_, given: schema.Event) -> Move:
        probability = self.reading.amount(
            (*path, "probability"), given.probability, "probability", self.scope,
            cite=given.cite, means=given.means,
        )  # fmt: skip
        self.bounds.append(probability)
        return self._effect(id, path, given, probability=probability)

    def _effect(
        self,
        id: str,
        path: Path_,
        given: schema.Effect,
        *,
        habit: int | None = None,
        variant_of: str = "",
        probability: Bound | None = None,
    ) -> Move:
        """What moves and chance events have in common."""
        seen_by = None
        if given.seen_by is not None:
            seen_by = frozenset(
                index for name in given.seen_by
                if (index := self._actor((*path, "seen_by"), name)) is not None
            )  # fmt: skip
        if given.looks_like and given.looks_like not in self.stage.moves | self.events:
            self.reading.fault((*path, "looks_like"), f"there is no move {quote(given.looks_like)}",
                               suggest(given.looks_like, self.stage.moves))  # fmt: skip
        shown = {v.id: v.index for v in self.variables}
        shows = [self.reading.named((*path, "shows"), v, shown, "state variable")
                 for v in given.shows]  # fmt: skip
        return Move(
            id=id,
            means=given.means or id.replace("_", " "),
            when=self._condition((*path, "when"), given.when),
            sets=tuple(self._sets((*path, "sets"), given.sets)),
            costs=tuple(self._costs((*path, "costs"), given)),
            seen_by=seen_by,
            looks_like=given.looks_like,
            shows=tuple(index for index in shows if index is not None),
            habit=habit,
            variant_of=variant_of,
            code=given.code or "",
            probability=probability,
            cite=self.reading.cite(path, given.cite, ".".join(map(str, path))),
            line=self.reading.line(path),
        )

    def _sets(self, path: Path_, sets: Mapping[str, object]) -> list[tuple[int, Bound]]:
        effects = []
        known = {v.id: v for v in self.variables}
        for name, value in sets.items():
            variable = self.reading.named((*path, name), name, known, "state variable")
            if variable is None:
                continue
            try:
                bound = bind_assignment(value, variable, self.scope)  # type: ignore[arg-type]
            except LanguageFault as fault:
                self.reading.fault((*path, name), fault.message, fault.advice, offset=fault.offset)
                continue
            self.reading.certain((*path, name), bound)
            self.bounds.append(bound)
            effects.append((variable.index, bound))
        return effects

    def _costs(self, path: Path_, given: schema.Effect) -> list[Cost]:
        costs = []
        for payer, size in given.costs.items():
            found = self._payer((*path, payer), payer)
            amount = self._amount((*path, payer), size, given)
            if found is not None:
                costs.append(Cost(*found, amount))
        return costs

    def _amount(self, path: Path_, size: str | float, given: schema.Effect | schema.CostRule) -> Bound:
        amount = self.reading.amount(
            path, size, "cost", self.scope, cite=given.cite, means=given.means
        )
        self.bounds.append(amount)
        return amount

    def _rules(self, outcomes: Sequence[Outcome]) -> list[CostRule]:
        rules = []
        for index, given in enumerate(self.stage.costs):
            path = (*self.at, "costs", index)
            payer = self._payer((*path, "to"), given.to)
            moves, ends = set(), set()
            for name in given.of:
                leaves = [i for i, o in enumerate(outcomes) if is_part(o.id, name)]
                if leaves:
                    ends.update(leaves)
                elif name in self.scope.moves:
                    moves.add(name)
                else:
                    known = [*self.scope.moves, *(o.id for o in outcomes)]
                    self.reading.fault((*path, "of"), f"there is no move or outcome {quote(name)}",
                                       suggest(name, known))  # fmt: skip
            known_moves = {m: m for m in self.scope.moves}
            after = [self.reading.named((*path, "after"), m, known_moves, "move")
                     for m in given.after]  # fmt: skip
            amount = self._amount((*path, "size"), given.size, given)
            element = ".".join(map(str, path))
            rule = CostRule(
                Cost(*(payer or (0, None)), amount), frozenset(moves), frozenset(ends),
                tuple(m for m in after if m), self._condition((*path, "when"), given.when),
                given.means, self.reading.cite(path, given.cite, element),
            )  # fmt: skip
            rules.append(rule)
        return rules

    # Outcomes

    def _outcomes(self) -> tuple[tuple[Outcome, ...], tuple[OutcomeGroup, ...]]:
        leaves: list[Outcome] = []
        groups: list[OutcomeGroup] = []
        path = (*self.at, "outcomes")
        self._branch_outcomes(path, self.stage.outcomes, "", (), leaves, groups)
        return tuple(leaves), tuple(groups)

    def _branch_outcomes(
        self,
        path: Path_,
        given: Mapping[str, schema.Outcome],
        prefix: str,
        above: tuple[tuple[Bound | None, bool], ...],
        leaves: list[Outcome],
        groups: list[OutcomeGroup],
    ) -> None:
        self.reading.names(path, dict(given), "an outcome")
        if not any(outcome.otherwise for outcome in given.values()):
            self.reading.fault(path, "an end of the play may match no outcome",
                               "Give the last one `otherwise: true`.")  # fmt: skip
        for id, outcome in given.items():
            here, full = (*path, id), prefix + id
            tests = (*above, self._test(here, id, outcome))
            said = None
            if outcome.said is not None:
                said = self.reading.number((*here, "said"), outcome.said, "probability",
                                           cite=outcome.cite)  # fmt: skip
            means = outcome.means or id.replace("_", " ")
            deadline = outcome.date or self.reading.file.horizon
            if outcome.date:
                self.reading.day((*here, "date"), outcome.date)
            cite = self.reading.cite(here, outcome.cite, ".".join(map(str, here)))
            if outcome.includes:
                first = len(leaves)
                self._branch_outcomes((*here, "includes"), outcome.includes, full + ".", tests,
                                      leaves, groups)  # fmt: skip
                groups.append(OutcomeGroup(full, means, tuple(range(first, len(leaves))),
                                           outcome.resolved_by, deadline, said, cite))  # fmt: skip
            else:
                leaves.append(Outcome(full, means, tests, outcome.resolved_by, deadline, said,
                                      cite, self.reading.line(here)))  # fmt: skip

    def _test(self, path: Path_, id: str, outcome: schema.Outcome) -> tuple[Bound | None, bool]:
        """Condition of an outcome, and whether it ends the play at once."""
        given = [bool(outcome.when), bool(outcome.finally_), outcome.otherwise]
        if sum(given) != 1:
            self.reading.fault(path, f"outcome {quote(id)} needs one of when, finally, otherwise")
        text = outcome.when or outcome.finally_
        where = (*path, "when" if outcome.when else "finally")
        return self._condition(where, text), bool(outcome.when)

    # Play

    def _blocks(self, path: Path_, play: Sequence[schema.Turn]) -> list[tuple[Turn, ...]]:
        blocks: list[tuple[Turn, ...]] = []
        for index, given in enumerate(play):
            here = (*path, index)
            movers = dict(given.__pydantic_extra__ or {})
            forms = [f for f in ("chance", "together", "repeat") if getattr(given, f) is not None]
            if len(movers) + len(forms) != 1:
                self.reading.fault(here, "a turn needs exactly one of an actor, chance, together, "
                                   "repeat", suggest_turn(movers, self.actor_index))  # fmt: skip
            elif given.repeat:
                inner = self._blocks((*here, "repeat", "play"), given.repeat.play)
                blocks += inner * given.repeat.times
            else:
                blocks.append(tuple(self._block(here, given, movers)))
            if len(blocks) > MAX_TURNS:
                break
        return blocks

    def _block(
        self, path: Path_, given: schema.Turn, movers: Mapping[str, Sequence[str]]
    ) -> list[Turn]:
        when = self._condition((*path, "when"), given.when)
        line = self.reading.line(path)
        if given.chance is not None:
            name = given.called or "chance: " + " or ".join(given.chance)
            return [Turn(ANALYST, tuple(given.chance), name, when, frozenset(), line)]
        if given.together is not None:
            path, movers = (*path, "together"), given.together
        unaware = {m: m for m in self.scope.moves}
        for move in given.unaware_of:
            self.reading.named((*path, "unaware_of"), move, unaware, "move")
        turns = []
        for name, moves in movers.items():
            actor = self._actor((*path, name), name)
            self._check_turn((*path, name), name, moves)
            called = given.called or f"{name}: {', '.join(moves)}"
            if actor is not None:
                turns.append(Turn(actor, tuple(dict.fromkeys(moves)), called, when,
                                  frozenset(given.unaware_of), line))  # fmt: skip
        return turns

    def _check_turn(self, path: Path_, actor: str, moves: Sequence[str]) -> None:
        if not moves:
            self.reading.fault(path, f"{quote(actor)} has no moves at this turn")
        for index, move in enumerate(moves):
            given = self.stage.moves.get(move)
            if given is None:
                self.reading.fault((*path, index), f"there is no move {quote(move)}",
                                   suggest(move, self.stage.moves))  # fmt: skip
            elif given.by and given.by != actor:
                self.reading.fault((*path, index), f"{quote(move)} is a move of {given.by}, not "
                                   f"of {actor}")  # fmt: skip
            if move in moves[:index]:
                self.reading.fault((*path, index), f"{quote(move)} stands here twice")

    # Wants and history

    def _wants(
        self, wants: Mapping[str, schema.Wants | None], outcomes: Sequence[Outcome]
    ) -> tuple[tuple[Want | None, ...], ...]:
        base = (*self.at, "wants") if self.at else ("actors",)
        for name in wants:
            self._actor((*base, name), name)
        return tuple(
            self._wants_of((*base, actor.id, *(() if self.at else ("wants",))), actor,
                           wants.get(actor.id), outcomes)
            for actor in self.actors
        )  # fmt: skip

    def _wants_of(
        self, path: Path_, actor: Actor, given: schema.Wants | None, outcomes: Sequence[Outcome]
    ) -> tuple[Want | None, ...]:
        if given is None:
            return (None,) * len(actor.types)
        if given.all is not None:
            want = self._want(path, given.all, outcomes)
            return (want,) * len(actor.types)
        known = {t.id: t for t in actor.types}
        for name in given.by_type:
            self.reading.named((*path, name), name, known, f"type of {actor.id}")
        for id in known:
            if id not in given.by_type:
                self.reading.fault(path, f"nothing says what {actor.id}.{id} wants",
                                   f"Add a ranking for {quote(id)}.")  # fmt: skip
        return tuple(
            self._want((*path, id), given.by_type[id], outcomes) if id in given.by_type else None
            for id in known
        )

    def _want(self, path: Path_, given: schema.Want, outcomes: Sequence[Outcome]) -> Want | None:
        element = ".".join(map(str, path))
        self.reading.cite(path, given.cite, element)
        leaves = [outcome.id for outcome in outcomes]
        if bool(given.ranking) == bool(given.values):
            self.reading.fault(path, "give either a ranking or values")
            return None
        if given.values:
            return self._values((*path, "values"), given, leaves)
        try:
            ranking = read_ranking(given.ranking, leaves)
        except LanguageFault as fault:
            self.reading.fault(path, fault.message, fault.advice, offset=fault.offset)
            return None
        return Want(self.reading.input(path, ranking, "ranking", cite=given.cite))

    def _values(self, path: Path_, given: schema.Want, leaves: Sequence[str]) -> Want:
        amounts: dict[str, Bound] = {}
        for name, value in sorted(given.values.items(), key=lambda item: item[0].count(".")):
            covered = [leaf for leaf in leaves if is_part(leaf, name)]
            if not covered:
                self.reading.fault((*path, name), f"there is no outcome {quote(name)}",
                                   suggest(name, leaves))  # fmt: skip
            amount = self.reading.amount((*path, name), value, "utility", self.scope,
                                         cite=given.cite)  # fmt: skip
            amounts.update(dict.fromkeys(covered, amount))
        missing = [leaf for leaf in leaves if leaf not in amounts]
        if missing:
            self.reading.fault(path, f"no value for {', '.join(map(quote, missing))}")
        return Want(None, tuple(amounts[leaf] for leaf in leaves if leaf in amounts))

    def _history(self) -> list[Observation]:
        known = {name: name for name in (*self.scope.moves, "nothing", "unknown")}
        seen = []
        for index, given in enumerate(self.stage.history):
            path = (*self.at, "history", index)
            moves = {}
            for name, move in (given.__pydantic_extra__ or {}).items():
                actor = ANALYST if name == "chance" else self._actor((*path, name), name)
                found = self.reading.named((*path, name), move, known, "move")
                if actor is not None and found:
                    moves[actor] = found
            if not moves:
                self.reading.fault(path, "an entry of the history needs an actor and its move")
            element = ".".join(map(str, path))
            cite = self.reading.cite(path, given.cite, element)
            seen.append(Observation(self.reading.day((*path, "date"), given.date), moves, cite,
                                    given.means, self.reading.line(path)))  # fmt: skip
        return seen

    # Names

    def _condition(self, path: Path_, text: str) -> Bound | None:
        bound = self.reading.condition(path, text, self.scope)
        self.bounds.append(bound)
        return bound

    def _actor(self, path: Path_, name: str) -> int | None:
        return self.reading.named(path, name, self.actor_index, "actor")

    def _payer(self, path: Path_, name: str) -> tuple[int, int | None] | None:
        """An actor, or one type of an actor."""
        actor, _, type_ = name.partition(".")
        index = self._actor(path, actor)
        if index is None or not type_:
            return None if index is None else (index, None)
        types = {t.id: i for i, t in enumerate(self.actors[index].types)}
        found = self.reading.named(path, type_, types, f"type of {actor}")
        return None if found is None else (index, found)


def is_part(leaf: str, name: str) -> bool:
    """Whether an outcome is another or one of its sub-outcomes."""
    return leaf == name or leaf.startswith(name + ".")


def suggest_turn(movers: Mapping[str, object], actors: Mapping[str, int]) -> str:
    """Advice for a turn that names nobody or several."""
    wrong = [name for name in movers if name not in actors]
    if wrong:
        return suggest(wrong[0], [*actors, "chance", "together", "repeat", "when", "called"])
    return "For moves at the same time write `together: {us: [...], ussr: [...]}`."
