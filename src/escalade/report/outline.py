"""A scenario as an outline on a terminal: who, when, how large, and the first steps of the tree."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.tree import Tree

from escalade.game.compile import CompiledTheatre, compile_theatre
from escalade.game.game import CHANCE
from escalade.report.words import plain_console
from escalade.scenario.bound import Bound, QuantityRef, quantities
from escalade.scenario.play import multipliers
from escalade.scenario.scenario import Ranking, Scenario, Theatre

MOST_LINES = 200


def print_outline(
    scenario: Scenario, *, depth: int, only: str = "", console: Console | None = None
) -> None:
    """Print actors and types, then for each theatre its turns, size and tree.

    Args:
        scenario: The scenario.
        depth: How many moves deep the tree is drawn.
        only: Name of the one theatre to print; empty for all.
        console: Where to print.
    """
    console = console or plain_console()
    console.print(scenario.title, style="bold")
    console.print(f"assessment by {scenario.assessment.by}, {scenario.assessment.date}")
    console.print("\nActors")
    for actor in scenario.actors:
        precision = _written(scenario, actor.precision)
        console.print(f"  {actor.id}: {actor.name}, precision {precision}", soft_wrap=True)
        for type_ in actor.types if len(actor.types) > 1 else ():
            share = (
                scenario.inputs[type_.share].value.text if type_.share is not None else "the rest"
            )
            means = f": {type_.means}" if type_.means else ""
            console.print(f"    {type_.id} ({share}){means}", soft_wrap=True)
    for index, theatre in enumerate(scenario.theatres):
        if not only or theatre.id == only:
            _print_theatre(scenario, theatre, compile_theatre(scenario, index), depth, console)


def _written(scenario: Scenario, amount: Bound) -> str:
    """A number as the author wrote it, or which estimates it is worked out from."""
    read = [scenario.inputs[index] for index in sorted(quantities(amount))]
    if isinstance(amount, QuantityRef) and amount.part < 0:
        return read[0].value.text
    return "worked out from " + ", ".join(item.name for item in read)


def _print_theatre(
    scenario: Scenario, theatre: Theatre, compiled: CompiledTheatre, depth: int, console: Console
) -> None:
    game = compiled.game
    console.print(f"\nTheatre {theatre.id}: {theatre.means}", soft_wrap=True)
    for actor, wants in zip(scenario.actors, theatre.wants, strict=True):
        for type_, want in zip(actor.types, wants, strict=True):
            if want is not None and want.ranking is not None:
                value = scenario.inputs[want.ranking].value
                name = f"{actor.id}.{type_.id}" if len(actor.types) > 1 else actor.id
                console.print(f"  {name} wants {value.text if isinstance(value, Ranking) else ''}",
                              soft_wrap=True)  # fmt: skip
    console.print("  Turns (histories before → after)")
    for number, growth in enumerate(compiled.growth, 1):
        console.print(f"  {number:3d}. {growth.turn}  {growth.before:,} → {growth.after:,}",
                      soft_wrap=True)  # fmt: skip
    console.print(
        f"  {game.n_histories:,} histories, {game.n_nodes:,} nodes, {game.n_infosets:,} "
        f"information sets, {game.n_choices:,} choice probabilities;\n  "
        f"multiplied most by {multipliers(compiled.growth)}", soft_wrap=True,
    )  # fmt: skip
    if depth:
        tree = Tree("  the start", guide_style="dim")
        left = _branch(compiled, 0, depth, tree, MOST_LINES)
        console.print(tree)
        if left <= 0:
            console.print(f"  … more than {MOST_LINES} lines; ask for less depth")


def _branch(compiled: CompiledTheatre, node: int, depth: int, tree: Tree, left: int) -> int:
    """Draw the moves at a node; returns how many lines are left."""
    game = compiled.game
    first = int(game.first_child[node])
    mover = int(game.mover[node])
    for child in range(first, first + int(game.n_children[node])) if depth else ():
        if left <= 0:
            return left
        who = "chance" if mover == CHANCE else game.actors[mover]
        label = f"{who}: {game.moves[int(game.move[child])]}"
        outcome = int(game.outcome[child])
        if outcome >= 0:
            label += f"  ⇒ {game.outcomes[outcome]}"
        elif mover != CHANCE and np.count_nonzero(game.infoset == game.infoset[node]) > 1:
            label += f"  (information set {int(game.infoset[node])})"
        branch = tree.add(label)
        left = _branch(compiled, child, depth - 1, branch, left - 1)
    return left
