"""The equilibria of one game, on a terminal and as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from escalade import __version__
from escalade.game.game import Game
from escalade.report.words import plain_console
from escalade.solve import Equilibria, Solution, Status
from escalade.solve.solution import tabulate


def to_json(solution: Solution, precision: float) -> str:
    """The solution of one draw at this precision, and the other equilibria found, as JSON."""
    status = Status(int(solution.status[0]))
    data: dict[str, Any] = {
        "game": solution.game.title,
        "precision": precision,
        "status": status.name.lower(),
        "message": status.message,
        "precision_reached": float(solution.precision_reached[0]) * precision,
        "sweeps": int(solution.sweeps[0]),
        "residual": float(solution.residual[0]) if status.solved else None,
        "values": _values(solution) if status.solved else None,
        "table": _rows(solution.game, solution.choice[:, 0]) if status.solved else None,
    }
    found = solution.equilibria
    if found is not None:
        data["starts"] = found.starts
        data["equilibria"] = [
            {"residual": float(residual), "table": _rows(solution.game, choice)}
            for residual, choice in zip(found.residual, found.choice.T, strict=True)
        ]
    return json.dumps(data | {"version": __version__}, indent=2, ensure_ascii=False)


def print_equilibria(solution: Solution, precision: float, console: Console | None = None) -> None:
    """Print the solution of one draw at this precision, and the other equilibria found."""
    console = console or plain_console()
    game, status = solution.game, Status(int(solution.status[0]))
    size = f"{game.n_infosets} information sets · {game.n_histories} histories"
    lines = [
        game.title or "a game without a title",
        f"{', '.join(game.actors)} · {size} · precision {precision:g}",
        f"{status.name.lower()}: {status.message}",
    ]
    if status.solved:
        lines.append(f"residual {solution.residual[0]:.1e} after {solution.sweeps[0]} sweeps")
    else:
        reached = float(solution.precision_reached[0]) * precision
        lines.append(f"reached precision {reached:.4g} after {solution.sweeps[0]} sweeps")
    for line in lines:
        console.print(line, soft_wrap=True)
    if status.solved:
        _print_choices(game, solution.choice[:, 0], console)
        console.print("\nwhat each expects")
        for row in _values(solution):
            name = f"{row['actor']} ({row['type']})" if row["type"] else row["actor"]
            console.print(f"{name}  {row['value']:.8f}", soft_wrap=True)
    if solution.equilibria is not None:
        _print_others(solution, solution.equilibria, console)


def _print_others(solution: Solution, found: Equilibria, console: Console) -> None:
    """Print how many equilibria were found, and those off the principal branch."""
    n = len(found.residual)
    what = "equilibrium" if n == 1 else "distinct equilibria"
    text = f"\n{n} {what} found from {found.starts} starting points; there may be others"
    console.print(text, soft_wrap=True)
    where = "off the principal branch" if solution.solved[0] else "of no known branch"
    for number in range(int(solution.solved[0]), n):
        residual = f"residual {found.residual[number]:.1e}"
        console.print(f"\nequilibrium {number + 1}, {where}, {residual}", soft_wrap=True)
        _print_choices(solution.game, found.choice[:, number], console)


def _print_choices(game: Game, choice: NDArray[np.float64], console: Console) -> None:
    """Print choice probabilities by actor, information set, type and move."""
    kinds = any(len(types) > 1 for types in game.types)
    rows: list[tuple[str, ...]] = [("actor", "information set", "type", "move", "probability")]
    for row in tabulate(game, choice[:, None], [0]):
        labels = (" ".join(label.split()) for label in (row.actor, row.infoset, row.type, row.move))
        rows.append((*labels, f"{row.probability:.8f}"))
    columns = [column for i, column in enumerate(zip(*rows, strict=True)) if kinds or i != 2]
    widths = [max(map(cell_len, column)) for column in columns]
    lines = []
    for *labels, probability in zip(*columns, strict=True):
        cells = map(set_cell_size, labels, widths)
        lines.append("  ".join([*cells, probability.rjust(widths[-1])]))
    console.out("\n".join(lines), highlight=False)  # a table of rich takes minutes for a large game


def _values(solution: Solution) -> list[dict[str, Any]]:
    """What each type of each actor expects."""
    game = solution.game
    pairs = [
        (actor, t) for actor, types in zip(game.actors, game.types, strict=True) for t in types
    ]
    return [
        {"actor": actor, "type": kind, "value": float(value)}
        for (actor, kind), value in zip(pairs, solution.values[:, 0], strict=True)
    ]


def _rows(game: Game, choice: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Choice probabilities, in the order of `Solution.table`."""
    return [row._asdict() for row in tabulate(game, choice[:, None], [0])]
