"""A model: a tree, and utilities and scales that depend on covariates and coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalade.errors import Fault, ScenarioError
from escalade.estimate.grammar import ModelFile, read_file
from escalade.estimate.tree import Tree, outcomes_below, tree_of_file, tree_of_game, turns
from escalade.game.game import Game
from escalade.scenario.faults import ExpressionFault, quote, suggest
from escalade.scenario.source import Source, Steps
from escalade.scenario.syntax import Expression, names, parse

ESTIMATED = "estimated"
ALL_SCALES = "log scale"


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
        name: ``actor(outcome)`` for a utility, ``log scale`` or ``log scale(actor)`` for a scale.
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
        utility: Number of the channel, or the fixed number, by (actor, outcome); others are 0.
        scale: [actor] Number of the channel of the log scale, or the fixed scale.
        file: The keys that it was made from.
        source: Where they stand.
    """

    tree: Tree
    channels: tuple[Channel, ...]
    utility: dict[tuple[int, int], int | float]
    scale: tuple[int | float, ...]
    file: ModelFile
    source: Source

    @property
    def title(self) -> str:
        """What messages and tables call the model."""
        files = self.source.files
        return self.file.title or (files[0].stem if files else "a model without a title")


def read_model(model: str | Path | Mapping[str, Any], *, game: Game | None = None) -> Model:
    """Read a model.

    Args:
        model: A file, or its keys as a mapping.
        game: The tree, in place of the key ``tree``; actors without ``utilities`` have the
            payoffs that the game came with.

    Raises:
        GameError: When the game is not one of perfect information.
        ScenarioError: With every fault, each with its line.
    """
    file, source = read_file(model)
    if game is None and not file.tree:
        raise ScenarioError([source.fault((), "`tree` is missing", "Add `tree: …` here.")])
    tree = tree_of_file(source) if game is None else tree_of_game(game)
    reader = _Reader(file, source, tree)
    if game is not None:
        reader.fix_payoffs(game)
    reader.read_utilities()
    scale = reader.scales()
    if reader.faults:
        raise ScenarioError(reader.faults)
    return Model(tree, tuple(reader.channels), reader.utility, scale, file, source)


class _Reader:
    """Collects channels, and notes faults."""

    def __init__(self, file: ModelFile, source: Source, tree: Tree) -> None:
        self.file, self.source, self.tree = file, source, tree
        self.channels: list[Channel] = []
        self.utility: dict[tuple[int, int], int | float] = {}
        self.faults: list[Fault] = []

    def fix_payoffs(self, game: Game) -> None:
        """Take the payoffs of a game for actors without utilities."""
        if game.tables is None:
            return
        for node in range(game.n_nodes):
            outcome = int(game.outcome[node])
            for actor, name in enumerate(self.tree.actors):
                if outcome >= 0 and name not in self.file.utilities:
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
                self.utility[number, outcome] = self.channel(f"{actor}({end})", given, (*path, end))

    def scales(self) -> tuple[int | float, ...]:
        """[actor] The scales of the file."""
        given, actors = self.file.scale, self.tree.actors
        if not isinstance(given, dict):
            return (self.scale(given, ALL_SCALES, ("scale",)),) * len(actors)
        for name in given.keys() - set(actors):
            message = f"no actor {quote(name)} moves"
            self.wrong(("scale", name), message, suggest(name, actors))
        return tuple(
            self.scale(given[name], f"{ALL_SCALES}({name})", ("scale", name))
            if name in given
            else 1.0
            for name in actors
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
