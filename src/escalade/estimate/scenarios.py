"""A scenario as the game of a model, with what it leaves open in its middle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escalade.errors import Fault, GameError, ScenarioError
from escalade.estimate.extensive import ends_in_order
from escalade.game.compile import compile_theatre
from escalade.game.game import Game
from escalade.game.priors import priors
from escalade.scenario.faults import quote, suggest
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Fitted, Ranking, Scenario, Value
from escalade.scenario.source import Source

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """A game that a scenario describes.

    Attributes:
        game: The game, with one draw of numbers.
        paid: [end, slot] Costs at each end, in the order of the leaves of the tree; negative.
        precision: [actor] How seldom each errs.
    """

    game: Game
    paid: Floats
    precision: Floats


def setting(source: Source, theatre: str) -> Setting:
    """The game of the scenario that a model file names.

    Values stand at their medians. The worth of outcomes that are only ranked falls in even steps
    from 1 to 0; without an order it is 0.5.

    Args:
        source: The model file.
        theatre: Name of the theatre; may be empty where the scenario has one.

    Raises:
        GameError: When the tree is too large, or an actor would forget.
        ScenarioError: When there is no such file or theatre, or the scenario has faults.
    """
    scenario = read_scenario(_path(source))
    names = [each.id for each in scenario.theatres]
    if theatre not in names and (theatre or len(names) > 1):
        message = f"the scenario has no theatre {quote(theatre)}" if theatre else (
            "the scenario has several theatres")  # fmt: skip
        advice = suggest(theatre, names) if theatre else f"Write `theatre: {names[0]}`."
        raise ScenarioError([source.fault(("theatre",), message, advice)])
    compiled = compile_theatre(scenario, theatre or 0)
    values = [middle(each.value) for each in scenario.inputs]
    tables = compiled.recipes.fill(values, priors(scenario, values))
    game = replace(compiled.game, tables=tables, title=scenario.assessment.title or "")
    _require_precision(scenario, tables.precision[:, 0])
    ends = list(ends_in_order(game))
    worth = compiled.recipes.utilities(values, 1)[game.outcome[ends], :, 0]
    paid = np.round(tables.payoff[game.payoff[ends], :, 0] - worth, 12)
    return Setting(game, paid, tables.precision[:, 0])


def middle(value: Value) -> Floats:
    """[1] The middle of an input; [stratum, 1] of a ranking, [number, 1] of an estimate."""
    if isinstance(value, Ranking):
        n = len(value.strata)
        even = np.linspace(1.0, 0.0, n) if n > 1 else np.ones(1)
        return (even if value.ordered or n == 1 else np.full(n, 0.5))[:, None]
    if isinstance(value, Fitted):
        found = np.mean(value.sample, axis=0) if value.sample else np.array(value.mean)
        power = np.array(value.power)
        return np.where(power == 0, found, np.exp(power * found))[:, None]
    return np.array([value.median])


def _path(source: Source) -> Path:
    """Where the scenario lies: its name is read from the folder of the model file."""
    name = source.data["scenario"]
    path = Path(source.place(("scenario",)).file or ".").parent / name
    if not path.is_file():
        fault: Fault = source.fault(
            ("scenario",), f"there is no file {quote(str(path))}",
            "Give its path from the folder of this file.",
        )  # fmt: skip
        raise ScenarioError([fault])
    return path


def _require_precision(scenario: Scenario, precision: Floats) -> None:
    """Refuse actors that act by habit alone: no utility of theirs could be learnt."""
    for actor, own in zip(scenario.actors, precision.tolist(), strict=True):
        if own <= 0:
            raise GameError(f"the precision of {actor.id} is 0 in the middle of what the scenario "
                            "says; it would act by habit alone")  # fmt: skip
