"""What the data show of each case, as the leaves of the tree that it is consistent with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import EstimateError, ScenarioError
from escalade.estimate.model import Model
from escalade.estimate.table import Table
from escalade.estimate.tree import Leaf, Offer, Tree, Turn, moves_of
from escalade.scenario.faults import quote, suggest
from escalade.scenario.source import Steps

SEVERAL = "|"
Bools = NDArray[np.bool_]


def leaves(tree: Tree) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The leaves of a tree in order: the moves that lead to each, and its outcome."""

    def below(node: Turn | Leaf, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
        if isinstance(node, Leaf):
            yield path, node.outcome
            return
        for move, branch in zip(node.moves, node.branches, strict=True):
            yield from below(branch, (*path, move))

    return tuple(below(tree.root, ()))


def columns_observed(model: Model) -> dict[str, Steps]:
    """Columns that show what happened, with the place that names each."""
    observed = model.file.observed
    if observed.column:
        return {observed.column: ("observed", "column")}
    return {name: ("observed", "moves", name) for name in observed.moves}


def observe(model: Model, table: Table) -> Bools:
    """[leaf, case] Whether what is seen of a case is consistent with a leaf.

    Raises:
        EstimateError: When a case shows something that the tree does not have.
        ScenarioError: When the model names ends or moves that the tree does not have.
    """
    observed = model.file.observed
    if bool(observed.column) == bool(observed.moves):
        fault = model.source.fault(
            ("observed",), "the data show ends in one column, or moves in several",
            "Write `observed: column`, or `observed: {moves: {column: {}, …}}`.",
        )  # fmt: skip
        raise ScenarioError([fault])
    shown = _ends(model, table) if observed.column else _moves(model, table)
    lost = ~shown.any(axis=0)
    if lost.any():
        case = int(np.argmax(lost))
        where = ", ".join(f"{name} is {_cell(table, name, case)!r}" for name in observed.moves)
        message = (
            f"row {table.row(case)}: {where}: no path of the tree goes there ({lost.sum()} rows)"
        )
        raise EstimateError(f"{table.name}, {message}")
    return shown


def _ends(model: Model, table: Table) -> Bools:
    """Leaves whose outcome the cell names."""
    observed, tree = model.file.observed, model.tree
    _require_known(model, observed.ends, tree.outcomes, ("observed", "ends"), "end")
    words = _words(observed.ends, tree.outcomes)
    reached = np.array([outcome for _, outcome in leaves(tree)])
    cells = _text(table, observed.column)
    shown = np.zeros((len(reached), len(table)), dtype=bool)
    for cell in np.unique(cells).tolist():
        if not cell:
            shown[:, cells == cell] = True
            continue
        for part in cell.split(SEVERAL):
            if part.strip() not in words:
                row = table.row(int(np.argmax(cells == cell)))
                message = f"{part.strip()!r} is no end of the tree"
                advice = suggest(part, words, otherwise="Its ends are written")
                raise EstimateError(
                    f"{table.name}, column '{observed.column}', row {row}: {message}. {advice}"
                )
            hit = np.isin(reached, [tree.outcomes.index(name) for name in words[part.strip()]])
            shown |= hit[:, None] & (cells == cell)
    return shown


def _moves(model: Model, table: Table) -> Bools:
    """Leaves whose path has the moves that the cells name, one column for each step."""
    tree, every = model.tree, leaves(model.tree)
    shown = np.ones((len(every), len(table)), dtype=bool)
    for step, (column, written) in enumerate(model.file.observed.moves.items()):
        if step == 0 and isinstance(tree.root, Offer):
            _require_offers(tree.root, table, column)
            continue
        _require_known(model, written, moves_of(tree), ("observed", "moves", column), "move")
        here = sorted({path[step] for path, _ in every if len(path) > step})
        words = _words(written, [move for move in here if not written or move in written])
        cells = _text(table, column)
        strange = ~np.isin(cells, ["", *words])
        if strange.any():
            row = int(np.argmax(strange))
            message = f"{str(cells[row])!r} is no move of turn {step + 1}"
            advice = suggest(str(cells[row]), words, otherwise="Its moves are written")
            raise EstimateError(
                f"{table.name}, column '{column}', row {table.row(row)}: {message}. {advice}"
            )
        made = {cell: set(words.get(cell, here)) for cell in np.unique(cells).tolist()}
        for leaf, (path, _) in enumerate(every):
            if len(path) > step:
                fits = [cell for cell, moves in made.items() if path[step] in moves]
                shown[leaf] &= np.isin(cells, fits)
    return shown


def _require_offers(offer: Offer, table: Table, column: str) -> None:
    """Refuse offers that cannot be made."""
    values = table.columns[column]
    if column != offer.moves[0] or values.dtype.kind != "f":
        raise EstimateError(f"{table.name}: column '{offer.moves[0]}' holds the offers, as numbers")
    wrong = ~((values >= offer.low) & (values <= offer.high))
    if wrong.any():
        row = int(np.argmax(wrong))
        bounds = f"{offer.low:g} and {offer.high:g}"
        message = f"row {table.row(row)}: an offer of {values[row]:g} does not lie between {bounds}"
        raise EstimateError(f"{table.name}, column '{column}', {message}")


def _words(written: Mapping[str, Any], names: Any) -> dict[str, list[str]]:
    """What each cell stands for: names as the model says that they are written."""
    words: dict[str, list[str]] = {}
    for name in written or names:
        given = written.get(name, name)
        for word in given if isinstance(given, list) else [given]:
            words.setdefault(_shown(word), []).append(name)
    return words


def written_as(written: Mapping[str, Any], name: str) -> str:
    """How a cell shows an end or a move; the first way where there are several."""
    given = written.get(name, name)
    return _shown(given[0] if isinstance(given, list) else given)


def _require_known(
    model: Model, written: Mapping[str, Any], known: Any, path: Steps, what: str
) -> None:
    """Refuse names that the tree does not have."""
    faults = [
        model.source.fault((*path, name), f"the tree has no {what} {quote(name)}",
                           suggest(name, known), key=True)
        for name in written if name not in known
    ]  # fmt: skip
    if faults:
        raise ScenarioError(faults)


def _text(table: Table, column: str) -> NDArray[np.str_]:
    """[case] A column as text; "" where nothing is known."""
    values = table.columns[column]
    if values.dtype.kind != "f":
        return values.astype(np.str_)
    return np.array([_shown(value) for value in values.tolist()])


def _cell(table: Table, column: str, case: int) -> str:
    return str(_text(table.take(np.array([case])), column)[0])


def _shown(value: float | str) -> str:
    """A cell as it is compared: 1.0 and 1 are alike, and no number is ""."""
    if isinstance(value, str):
        return value.strip()
    return f"{value:g}" if math.isfinite(value) else ""
