"""Cases drawn from a model whose coefficients are known: what could such data tell?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalade.errors import EstimateError
from escalade.estimate.design import bind
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.model import Model, read_model
from escalade.estimate.observations import columns_observed, leaves, written_as
from escalade.estimate.table import Table, read_table
from escalade.estimate.tree import Offer
from escalade.scenario.faults import suggest


def simulate(
    model: str | Path | Mapping[str, Any] | Model,
    covariates: Any,
    coefficients: Mapping[str, float],
    *,
    seed: int = 0,
) -> Table:
    """Draw how each case ends, types and errors included.

    Args:
        model: A model file, its keys, or a model that is read.
        covariates: Columns of cases, as `fit` takes data; what was observed is drawn anew.
        coefficients: By the name of each term.
        seed: Of the random numbers.

    Returns:
        The covariates with the columns that the model observes.

    Raises:
        EstimateError: When a coefficient is missing or unknown, or offers are to be drawn.
        ScenarioError: When the model is faulty, or the covariates lack a column.
    """
    read = model if isinstance(model, Model) else read_model(model)
    if isinstance(read.tree.root, Offer):
        raise EstimateError("offers are not drawn from a model")
    given = read_table(covariates)
    unknown = {name: np.full(len(given), "") for name in columns_observed(read)}
    design = bind(read, Table(given.columns | unknown, given.name))
    for name in coefficients.keys() - set(design.terms):
        advice = suggest(name, design.terms, otherwise="They are")
        raise EstimateError(f"there is no coefficient '{name}'. {advice}")
    if lacking := [name for name in design.terms if name not in coefficients]:
        raise EstimateError(f"these coefficients have no value: {', '.join(lacking)}")
    theta = np.array([float(coefficients[name]) for name in design.terms])
    leaf = draw(Likelihood(design).chances(theta), np.random.default_rng(seed))
    return Table(design.table.columns | _columns(read, leaf), given.name)


def draw(chances: NDArray[np.floating[Any]], random: np.random.Generator) -> NDArray[np.intp]:
    """[case] A leaf drawn for each case, by the chances [leaf, case]."""
    drawn = (np.cumsum(chances, axis=0) < random.uniform(size=chances.shape[1])).sum(axis=0)
    return np.minimum(drawn, len(chances) - 1)


def _columns(model: Model, leaf: NDArray[np.intp]) -> dict[str, NDArray[np.str_]]:
    """What is seen of cases that end in these leaves."""
    observed, every = model.file.observed, leaves(model.tree)
    if observed.column:
        names = [written_as(observed.ends, model.tree.outcomes[o]) for _, o in every]
        return {observed.column: np.array(names)[leaf]}
    found = {}
    for step, (column, written) in enumerate(observed.moves.items()):
        made = [path[step] if len(path) > step else "" for path, _ in every]
        found[column] = np.array([move and written_as(written, move) for move in made])[leaf]
    return found
