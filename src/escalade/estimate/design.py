"""A model bound to data: columns become arrays, observations become sets of leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import EstimateError, Fault, ScenarioError
from escalade.estimate.formulas import evaluate
from escalade.estimate.jets import Floats, Jet
from escalade.estimate.model import LOGARITHMS, Channel, Model, Regressor, columns_named
from escalade.estimate.observations import Bools, columns_observed, observe
from escalade.estimate.table import Table, mixed
from escalade.estimate.tree import Offer
from escalade.scenario.faults import ExpressionFault, quote, suggest
from escalade.scenario.source import Steps
from escalade.scenario.syntax import Expression, Name, names, parse

Ints = NDArray[np.int64]
TRIAL = 0.6180339887  # a value of coefficients at which no sensible formula divides by zero
FEW = 10  # values that a column of text may always have
LARGEST = 1e100  # value of a regressor: squares of larger ones may overflow
MOST = 2**22  # cases that counts may stand for where they are drawn one by one


@dataclass(frozen=True)
class Bound:
    """A channel with its numbers: a sum of coefficients times columns, or a formula.

    Attributes:
        name: Of the channel.
        index: Coefficients that it depends on.
        columns: [coefficient of `index`, case] What each multiplies; empty for a formula.
        formula: The expression, if it is one.
        table: What the formula reads.
        named: Index of each named coefficient.
    """

    name: str
    index: Ints
    columns: Floats
    formula: Expression | None = None
    table: Table | None = None
    named: dict[str, int] | None = None

    def at(self, theta: Floats) -> tuple[Floats, Floats]:
        """The channel for every case, and its slopes [coefficient of `index`, case]."""
        if self.formula is None:
            return theta[self.index] @ self.columns, self.columns
        table, named = self.table, self.named or {}
        assert table is not None
        n = len(table)

        def lookup(name: str) -> object:
            if name in named:
                return Jet(theta[named[name]], {named[name]: 1.0})
            return table.columns[name]

        found = evaluate(self.formula, lookup)
        jet = found if isinstance(found, Jet) else Jet(found, {})
        slopes = [np.broadcast_to(jet.slopes.get(i, 0.0), n) for i in self.index.tolist()]
        return np.broadcast_to(jet.value, n), np.array(slopes).reshape(-1, n)

    def read(self) -> list[Floats]:
        """The columns that the channel is worked out from."""
        if self.formula is None or self.table is None:
            return [*self.columns]
        used = {name.id for name in names(self.formula)} - set(self.named or {})
        return [self.table.columns[name] for name in sorted(used)]

    def take(self, rows: NDArray[Any]) -> Bound:
        """The channel for some of the cases."""
        table = self.table.take(rows) if self.table else None
        return replace(self, columns=np.ascontiguousarray(self.columns[:, rows]), table=table)


@dataclass(frozen=True)
class Design:
    """A model and its data, ready to be fitted.

    Attributes:
        model: The model.
        table: The cases that count.
        terms: Names of the coefficients.
        channels: The channels of the model with their numbers.
        shown: [leaf, case] Whether a case may have ended there.
        weight: [case] How often it counts.
        cluster: [case] Its group.
        dropped: Cases left out because they lack a value.
    """

    model: Model
    table: Table
    terms: tuple[str, ...]
    channels: tuple[Bound, ...]
    shown: Bools
    weight: Floats
    cluster: Ints
    dropped: int

    @property
    def n_cases(self) -> int:
        """Number of cases."""
        return len(self.weight)

    def take(self, rows: NDArray[Any]) -> Design:
        """The same model with some of the cases, or with some of them several times."""
        return replace(
            self,
            table=self.table.take(rows),
            channels=tuple(channel.take(rows) for channel in self.channels),
            shown=self.shown[:, rows],
            weight=self.weight[rows],
            cluster=self.cluster[rows],
        )

    def alike(self, *, seen: bool) -> tuple[Ints, Ints]:
        """The first of the cases that have the same covariates, and for each case which it is.

        Args:
            seen: Whether they have to show the same too.
        """
        read = [row for channel in self.channels for row in channel.read()]
        read += [*self.shown.astype(float)] if seen else []
        if not read:
            return np.zeros(1, dtype=np.int64), np.zeros(self.n_cases, dtype=np.int64)
        _, first, which = np.unique(
            np.array(read), axis=1, return_index=True, return_inverse=True
        )  # fmt: skip
        return first, which.reshape(-1)

    def counted(self) -> Design:
        """The same cases, each as often as it counts, where weights are whole numbers.

        What draws cases, or compares them one by one, has to tell 26 cases in one row from a row.

        Raises:
            EstimateError: For more cases than fit into memory.
        """
        weight = self.weight
        if (weight == 1).all() or (weight != np.floor(weight)).any():
            return self
        if weight.sum() > MOST:
            message = f"counts sum to {weight.sum():,.0f}; at most {MOST:,} cases can be drawn anew"
            raise EstimateError(f"{self.table.name}: {message}")
        found = self.take(np.repeat(np.arange(self.n_cases), weight.astype(np.int64)))
        alone = found.cluster if self.model.file.cluster else np.arange(found.n_cases)
        return replace(found, weight=np.ones(found.n_cases), cluster=alone)

    def merged(self) -> Design:
        """The same likelihood from fewer cases: those that are alike are one, with their weight."""
        if isinstance(self.model.tree.root, Offer):
            return self
        first, which = self.alike(seen=True)
        weight = np.bincount(which, self.weight, minlength=len(first))
        return replace(self.take(first), weight=weight)


def bind(model: Model, table: Table) -> Design:
    """Bind a model to data.

    Raises:
        EstimateError: For cases outside the tree, values that are missing, weights that are none.
        ScenarioError: For columns that the data do not have.
    """
    require_columns(model, table)
    table, dropped = _cases_that_count(model, table)
    terms: list[str] = list(model.file.coefficients)
    channels = tuple(_bound(model, channel, table, terms, table) for channel in model.channels)
    if not terms:
        raise EstimateError(f"{model.title}: there is no coefficient to estimate")
    weight = table.columns[model.file.weight] if model.file.weight else np.ones(len(table))
    _require_weights(model, table, weight)
    groups = table.columns[model.file.cluster] if model.file.cluster else np.arange(len(table))
    cluster = np.unique(groups, return_inverse=True)[1]
    if model.file.cluster and not cluster.any():
        message = f"column '{model.file.cluster}' has one group; errors by cluster need several"
        raise EstimateError(f"{table.name}, {message}")
    shown = observe(model, table)
    return Design(model, table, tuple(terms), channels, shown, weight, cluster, dropped)


def _require_weights(model: Model, table: Table, weight: NDArray[Any]) -> None:
    """Refuse weights that are none."""
    where = f"{table.name}, column '{model.file.weight}'"
    if weight.dtype.kind != "f":
        case = mixed(weight) or 0
        raise EstimateError(f"{where}, row {table.row(case)}: '{weight[case]}' is no weight")
    if (weight < 0).any():
        case = int(np.argmax(weight < 0))
        raise EstimateError(f"{where}, row {table.row(case)}: a weight of {weight[case]:g}")
    if not weight.any():
        raise EstimateError(f"{where}: all weights are 0")


def rebind(design: Design, table: Table) -> Design:
    """The model with covariates of other cases; what was observed of them is not asked for.

    Raises:
        ScenarioError: When the table lacks a column.
    """
    model, terms = design.model, list(design.model.file.coefficients)
    _require(model, table, columns_named(model))
    channels = tuple(_bound(model, c, table, terms, design.table) for c in model.channels)
    n = len(table)
    shown = np.ones((len(design.shown), n), dtype=bool)
    weight = design.weight if n == design.n_cases else np.ones(n)
    cluster = np.arange(n)
    return Design(model, table, design.terms, channels, shown, weight, cluster, 0)


def require_columns(model: Model, table: Table) -> None:
    """Refuse data without a column that the model names.

    Raises:
        ScenarioError: With the place of every such name.
    """
    _require(model, table, _columns(model))


def _require(model: Model, table: Table, columns: dict[str, Steps]) -> None:
    faults = []
    for name, path in columns.items():
        if name not in table.columns:
            advice = suggest(name, table.columns, otherwise="Its columns are")
            message = f"{table.name} has no column {quote(name)}"
            faults.append(model.source.fault(path, message, advice))
    if faults:
        raise ScenarioError(faults)


def _columns(model: Model) -> dict[str, Steps]:
    """Every column that the model names, with the place that does so first."""
    found = columns_named(model) | columns_observed(model)
    for name in ("weight", "cluster"):
        if column := getattr(model.file, name):
            found.setdefault(column, (name,))
    if model.file.where:
        found |= {name.id: ("where",) for name in names(_condition(model)) if name.id not in found}
    return found


def _condition(model: Model) -> Expression:
    try:
        return parse(model.file.where)
    except ExpressionFault as fault:
        found = model.source.fault(("where",), fault.message, fault.advice, offset=fault.offset)
        raise ScenarioError([found]) from None


def _cases_that_count(model: Model, table: Table) -> tuple[Table, int]:
    """The cases of `where` that lack nothing, and how many were dropped because they do."""
    if model.file.where:
        table = _where(model, table)
    needed = [name for name in _columns(model) if name not in columns_observed(model)]
    lacking = {name: table.missing(name) for name in needed if table.missing(name).any()}
    if not lacking:
        return table, 0
    if model.file.missing == "refuse":
        shown = ", ".join(
            f"'{name}' in {int(rows.sum())} rows (first in row {table.row(int(np.argmax(rows)))})"
            for name, rows in lacking.items()
        )
        raise EstimateError(
            f"{table.name}: values are missing: column {shown}. "
            "Fill them, or write `missing: drop` in the model"
        )
    keep = ~np.logical_or.reduce(list(lacking.values()))
    if not keep.any():
        raise EstimateError(f"{table.name}: no case has a value in each of {', '.join(needed)}")
    return table.take(np.flatnonzero(keep)), int((~keep).sum())


def _where(model: Model, table: Table) -> Table:
    """The cases of which `where` is true, or cannot be said because they lack a value."""
    condition = _condition(model)
    used = {name.id for name in names(condition)}
    _numbers(model, table, Regressor(model.file.where, condition, ("where",)), used)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            test = evaluate(condition, table.columns.__getitem__)
    except ValueError as error:
        raise ScenarioError([model.source.fault(("where",), str(error))]) from None
    unknown = [table.missing(name) for name in used]
    kept = np.logical_or.reduce([np.broadcast_to(test, len(table)).astype(bool), *unknown])
    if not kept.any():
        raise EstimateError(f"{table.name}: no case fulfils `where: {model.file.where}`")
    return table.take(np.flatnonzero(kept))


def _bound(model: Model, channel: Channel, table: Table, terms: list[str], known: Table) -> Bound:
    """A channel with its columns; new coefficients are put at the end of the terms.

    What values a column of text has, `known` says.
    """
    if channel.formula is not None:
        used = [name.id for name in names(channel.formula.expression)]
        named = {name: terms.index(name) for name in used if name in model.file.coefficients}
        _numbers(model, table, channel.formula, set(used) - set(named))
        index = np.array(sorted(named.values()), dtype=np.int64)
        empty = np.zeros((0, len(table)))
        bound = Bound(channel.name, index, empty, channel.formula.expression, table, named)
        _require_values(model, bound, channel.formula, len(terms))
        return bound
    columns: list[Floats] = []
    first = len(terms)
    for regressor in channel.regressors:
        for label, column in _regressed(model, table, regressor, known):
            alone = channel.name.startswith(LOGARITHMS) and label == "constant"
            terms.append(channel.name if alone else f"{channel.name}: {label}")
            columns.append(np.array(np.broadcast_to(column, len(table)), dtype=np.float64))
    stacked = np.array(columns).reshape(len(columns), len(table))
    return Bound(channel.name, np.arange(first, len(terms)), stacked)


def _regressed(
    model: Model, table: Table, regressor: Regressor, known: Table
) -> list[tuple[str, Floats]]:
    """The columns of a regressor: itself, or one for each value of a text but its first."""
    if isinstance(regressor.expression, Name):
        name = regressor.expression.id
        if known.columns[name].dtype.kind != "f":
            _require_words(model, known, regressor, name)
            levels = np.unique(known.columns[name]).tolist()
            _require_groups(model, known, regressor, levels)
            column = table.columns[name]
            return [(f"{regressor.text}={level}", 1.0 * (column == level)) for level in levels[1:]]
    _numbers(model, table, regressor, {name.id for name in names(regressor.expression)})
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.asarray(evaluate(regressor.expression, table.columns.__getitem__), float)
    except ValueError as error:
        raise ScenarioError([model.source.fault(regressor.path, str(error))]) from None
    if not np.isfinite(values).all():
        fault = model.source.fault(regressor.path, f"{quote(regressor.text)} divides by zero")
        raise ScenarioError([fault])
    size = np.abs(np.broadcast_to(values, len(table)))
    if size.max() > LARGEST:
        case = int(np.argmax(size))
        message = f"{quote(regressor.text)} is as large as {size[case]:.3g} in row"
        advice = "Correct it, or measure it in larger units."
        fault = model.source.fault(regressor.path, f"{message} {table.row(case)}", advice)
        raise ScenarioError([fault])
    return [(regressor.text, values)]


def _require_values(model: Model, bound: Bound, formula: Regressor, size: int) -> None:
    """Refuse a formula that means nothing over columns, or divides by zero in some case."""
    with np.errstate(all="ignore"):
        try:
            values, _ = bound.at(np.full(size, TRIAL))
        except ValueError as error:
            raise ScenarioError([model.source.fault(formula.path, str(error))]) from None
    wrong = ~np.isfinite(values)
    if wrong.any() and bound.table is not None:
        row = bound.table.row(int(np.argmax(wrong)))
        message = f"{quote(formula.text)} divides by zero in row {row}"
        raise ScenarioError([model.source.fault(formula.path, message)])


def _require_groups(model: Model, table: Table, regressor: Regressor, levels: list[str]) -> None:
    """Refuse a column that names cases, not groups of them, and one that names no more than one."""
    if len(levels) == 1:
        message = f"column {quote(regressor.text)} is '{levels[0]}' in every case"
        advice = "It tells no cases apart; leave it out."
        raise ScenarioError([model.source.fault(regressor.path, message, advice)])
    if len(levels) > FEW and 2 * len(levels) > len(table):
        message = f"column {quote(regressor.text)} has {len(levels)} values in {len(table)} cases"
        advice = "Each would have a coefficient of its own; name fewer groups, or leave it out."
        raise ScenarioError([model.source.fault(regressor.path, message, advice)])


def _require_words(model: Model, table: Table, regressor: Regressor, name: str) -> None:
    """Refuse a column of text that holds numbers too: a slip in one cell made it one."""
    column = table.columns[name]
    case = mixed(column)
    if case is not None:
        message = f"column {quote(name)} holds numbers, but '{column[case]}' in row"
        advice = "Correct the cell, or leave it empty; if the column names groups, use words alone."
        fault = model.source.fault(regressor.path, f"{message} {table.row(case)}", advice)
        raise ScenarioError([fault])


def _numbers(model: Model, table: Table, regressor: Regressor, used: set[str]) -> None:
    """Refuse arithmetic on columns of text."""
    faults: list[Fault] = [
        model.source.fault(regressor.path, f"column {quote(name)} holds text, not numbers",
                           "A column of text stands alone in a list: each value has a coefficient.")
        for name in sorted(used) if table.columns[name].dtype.kind != "f"
    ]  # fmt: skip
    if faults:
        raise ScenarioError(faults)
