"""A model: a tree, and utilities and scales that depend on covariates and coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import Fault, ScenarioError
from escalade.estimate.extensive import plain, to_solve
from escalade.estimate.grammar import ModelFile, read_file
from escalade.estimate.scenarios import setting
from escalade.estimate.tree import Tree, outcomes_below, tree_of_file, tree_of_game, turns
from escalade.game.game import Game
from escalade.scenario.faults import ExpressionFault, quote, suggest
from escalade.scenario.source import Source, Steps
from escalade.scenario.syntax import Expression, names, parse

ESTIMATED = "estimated"
REST = "rest"
ALL_SCALES = "log scale"
ALL_SHARES = "log odds"
LOGARITHMS = (ALL_SCALES, ALL_SHARES)  # channels that are no utilities


@dataclass(frozen=True)
class Regressor:
    """Something that a coefficient multiplies: a column, an expression over columns, or 1.

    Attributes:
        text: As the file writes it; ``constant`` for a number.
        expression: What it means.
        path: Where it stands in the file.
    """

    text: str
    expression: Expression
    path: Steps


@dataclass(frozen=True)
class Channel:
    """A number that differs between cases and depends on coefficients.

    Attributes:
        name: ``actor(outcome)`` or ``actor.type(outcome)`` for a utility, ``log scale`` or ``log
            scale(actor)`` for a scale, ``log odds(actor.type)`` for the share of a type.
        regressors: Each has a coefficient of its own, and their products are summed.
        formula: An expression over named coefficients and columns, instead of regressors.
    """

    name: str
    regressors: tuple[Regressor, ...]
    formula: Regressor | None = None


@dataclass(frozen=True)
class Model:
    """What `fit` fits.

    Attributes:
        tree: Who moves when, and what it leads to.
        channels: Utilities and log scales that depend on covariates or coefficients.
        utility: Number of the channel, or the fixed number, by (slot, outcome); others are 0, or as
            the game has them. Without types slots are actors.
        scale: [actor] Number of the channel of the log scale, or the fixed scale.
        share: By slot, for types that the file names: number of the channel of the log odds against
            the rest, or the fixed share; None for the rest.
        file: The keys that it was made from.
        source: Where they stand.
        game: What is to be solved for an equilibrium; None where backward induction finds it.
        paid: [end, slot] What is paid at each end besides the utility of its outcome; None for
            nothing.
    """

    tree: Tree
    channels: tuple[Channel, ...]
    utility: dict[tuple[int, int], int | float]
    scale: tuple[int | float, ...]
    share: dict[int, int | float | None]
    file: ModelFile
    source: Source
    game: Game | None = None
    paid: NDArray[np.float64] | None = None

    @property
    def title(self) -> str:
        """What messages and tables call the model."""
        files = self.source.files
        return self.file.title or (files[0].stem if files else "a model without a title")

    @property
    def typed(self) -> list[list[int]]:
        """The slots of each actor whose types the file names."""
        slots = [
            [s for s in self.share if self.tree.slots[s][0] == a] for a in range(len(self.scale))
        ]
        return [mine for mine in slots if mine]


def read_model(model: str | Path | Mapping[str, Any], *, game: Game | None = None) -> Model:
    """Read a model.

    Args:
        model: A file, or its keys as a mapping.
        game: The tree, in place of the key ``tree``; what the model does not say stays as the
            game has it.

    Raises:
        GameError: When an actor forgets what it knew or did.
        ScenarioError: With every fault, each with its line.
    """
    file, source = read_file(model)
    if game is None and bool(file.tree) == bool(file.scenario):
        message = "`tree` is missing" if not file.tree else "a model has a tree, or a scenario"
        advice = "Add `tree: …` here, or `scenario: …`." if not file.tree else "Take out one."
        raise ScenarioError([source.fault((), message, advice)])
    paid, default = None, None
    if game is None and file.scenario:
        found = setting(source, file.theatre)
        game, paid = found.game, found.paid if found.paid.any() else None
        default = (1.0 / found.precision).tolist()
    tree = tree_of_file(source) if game is None else tree_of_game(game)
    reader = _Reader(file, source, tree, default)
    reader.read_types(given=game is not None)
    if game is not None and paid is None:
        reader.fix_payoffs(game)
    reader.read_utilities()
    scale = reader.scales()
    if reader.faults:
        raise ScenarioError(reader.faults)
    parts = (tuple(reader.channels), reader.utility, scale, reader.share, file, source)
    model_ = Model(reader.tree, *parts, paid=paid)
    return replace(model_, game=to_solve(model_.tree, game, model_.title, paid=paid is not None))


class _Reader:
    """Collects channels, and notes faults."""

    def __init__(
        self, file: ModelFile, source: Source, tree: Tree, scale: Sequence[float] | None
    ) -> None:
        self.file, self.source, self.tree = file, source, tree
        self.unsaid = [1.0] * len(tree.actors) if scale is None else list(scale)
        self.channels: list[Channel] = []
        self.utility: dict[tuple[int, int], int | float] = {}
        self.share: dict[int, int | float | None] = {}
        self.faults: list[Fault] = []

    def read_types(self, *, given: bool) -> None:
        """The types of the file; those of a game that is given have the names that it gives."""
        tree, types = self.tree, list(self.tree.types)
        for actor, shares in self.file.types.items():
            path: Steps = ("types", actor)
            if actor not in tree.actors:
                self.wrong(path, f"no actor {quote(actor)} moves", suggest(actor, tree.actors))
                continue
            number = tree.actors.index(actor)
            if given and set(shares) != set(types[number]):
                there = ", ".join(map(quote, types[number]))
                self.wrong(
                    path, f"{quote(actor)} has other types in the game", f"They are {there}."
                )
                continue
            types[number] = types[number] if given else tuple(shares)
        self.tree = replace(tree, types=tuple(types))
        for slot, (number, name) in enumerate(self.tree.slots):
            actor = self.tree.actors[number]
            if name in self.file.types.get(actor, {}):
                self.share[slot] = self.read_share(actor, name)
        for actor, shares in self.file.types.items():
            fixed = [share for share in shares.values() if isinstance(share, int | float)]
            if list(shares.values()).count(REST) != 1:
                message = f"one type of {quote(actor)} is the rest, and no other"
                self.wrong(("types", actor), message, "Write `weak: rest`.")
            elif sum(fixed) >= 1:
                message = f"shares of {sum(fixed):g} leave nothing for the rest"
                self.wrong(("types", actor), message, "Their sum is below 1.")

    def read_share(self, actor: str, name: str) -> int | float | None:
        """The share of a type: fixed, or the channel of its log odds; None for the rest."""
        given, path = self.file.types[actor][name], ("types", actor, name)
        if given == REST:
            return None
        if isinstance(given, int | float) and not 0 < given < 1:
            self.wrong(path, f"the share {given:g} does not lie between 0 and 1", "")
            return 0.5
        return self.channel(
            f"{ALL_SHARES}({actor}.{name})", [1.0] if given == ESTIMATED else given, path
        )

    def fix_payoffs(self, game: Game) -> None:
        """Take the payoffs of a game, where backward induction is to use them."""
        if game.tables is None or not self.tree.perfect or not plain(game):
            return
        for node in range(game.n_nodes):
            outcome = int(game.outcome[node])
            for actor in range(len(self.tree.actors)):
                if outcome >= 0:
                    payoff = game.tables.payoff[game.payoff[node], actor, 0]
                    self.utility[actor, outcome] = float(payoff)

    def read_utilities(self) -> None:
        """The utilities of the file."""
        for actor, ends in self.file.utilities.items():
            path: Steps = ("utilities", actor)
            if actor not in self.tree.actors:
                self.wrong(path, f"no actor {quote(actor)} moves", suggest(actor, self.tree.actors))
                continue
            number = self.tree.actors.index(actor)
            below = {
                o
                for turn in turns(self.tree.root)
                if turn.actor == number
                for o in outcomes_below(turn)
            }
            for end, given in ends.items():
                known = [self.tree.outcomes[o] for o in sorted(below)]
                if end not in known:
                    message = f"{quote(actor)} has no move that could still lead to {quote(end)}"
                    self.wrong((*path, end), message, suggest(end, known))
                    continue
                outcome = self.tree.outcomes.index(end)
                if isinstance(given, dict):
                    self.read_typed(number, outcome, given)
                    continue
                channel = self.channel(f"{actor}({end})", given, (*path, end))
                for slot, (owner, _) in enumerate(self.tree.slots):
                    if owner == number:
                        self.utility[slot, outcome] = channel

    def read_typed(self, number: int, outcome: int, given: dict[str, Any]) -> None:
        """What an end is worth to each type of an actor; 0 to those that are not named."""
        actor, end = self.tree.actors[number], self.tree.outcomes[outcome]
        path: Steps = ("utilities", actor, end)
        for name, one in given.items():
            if (number, name) not in self.tree.slots:
                there = self.tree.types[number]
                advice = suggest(name, there) if any(there) else "Name its types under `types`."
                self.wrong((*path, name), f"{quote(actor)} has no type {quote(name)}", advice)
                continue
            slot = self.tree.slots.index((number, name))
            channel = self.channel(f"{actor}.{name}({end})", one, (*path, name))
            self.utility[slot, outcome] = channel

    def scales(self) -> tuple[int | float, ...]:
        """[actor] The scales of the file."""
        given, actors = self.file.scale, self.tree.actors
        if "scale" not in self.source.data:
            return tuple(self.unsaid)
        if not isinstance(given, dict):
            return (self.scale(given, ALL_SCALES, ("scale",)),) * len(actors)
        for name in given.keys() - set(actors):
            message = f"no actor {quote(name)} moves"
            self.wrong(("scale", name), message, suggest(name, actors))
        return tuple(
            self.scale(given[name], f"{ALL_SCALES}({name})", ("scale", name))
            if name in given
            else unsaid
            for name, unsaid in zip(actors, self.unsaid, strict=True)
        )

    def scale(self, given: Any, name: str, path: Steps) -> int | float:
        """One scale: fixed, or the channel of its logarithm."""
        if given == ESTIMATED:
            given = [1.0]
        if isinstance(given, int | float) and given <= 0:
            self.wrong(path, f"the scale {given:g} is not above 0", "Write `scale: estimated`.")
            return 1.0
        return self.channel(name, given, path)

    def channel(self, name: str, given: Any, path: Steps) -> int | float:
        """A new channel, or a fixed number."""
        if isinstance(given, int | float):
            return float(given)
        if isinstance(given, list):
            regressors = tuple(
                found
                for i, item in enumerate(given)
                if (found := self.regressor(item, (*path, i))) is not None
            )
            for twice in {
                r.text for r in regressors if [x.text for x in regressors].count(r.text) > 1
            }:
                self.wrong(path, f"{quote(twice)} stands here twice", "Keep one of the two.")
            self.channels.append(Channel(name, regressors))
        else:
            formula = self.regressor(given, path)
            if formula is None:
                return 0.0
            self.channels.append(Channel(name, (), formula))
        return len(self.channels) - 1

    def regressor(self, item: float | str, path: Steps) -> Regressor | None:
        """One regressor or formula; None and a fault when it cannot be read."""
        text = str(item).strip() if isinstance(item, str) else f"{item:g}"
        try:
            expression = parse(text)
        except ExpressionFault as fault:
            found = self.source.fault(path, fault.message, fault.advice, offset=fault.offset)
            self.faults.append(found)
            return None
        plain = not names(expression)
        return Regressor(
            "constant" if plain and not isinstance(item, str) else text, expression, path
        )

    def wrong(self, path: Steps, message: str, advice: str) -> None:
        """Note a fault."""
        self.faults.append(self.source.fault(path, message, advice, key=True))


def columns_named(model: Model) -> dict[str, Steps]:
    """Columns that the model reads as covariates, with the place that names each first."""
    found: dict[str, Steps] = {}
    for channel in model.channels:
        for regressor in (*channel.regressors, *([channel.formula] if channel.formula else [])):
            for name in names(regressor.expression):
                if name.id not in model.file.coefficients:
                    found.setdefault(name.id, regressor.path)
    return found
