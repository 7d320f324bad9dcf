"""The grammar of a model file: a tree of turns, and utilities with unknown coefficients.

Annotations are read whenever a file is, so they are not kept as text.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import field

from escalade.errors import ScenarioError
from escalade.scenario.parts import read_parts
from escalade.scenario.schema import Names, Number, Part, key
from escalade.scenario.source import Source, load_source

Errors = Literal["logit", "probit", "private"]
Regressors = Number | list[Number]


class Observed(Part):
    """What the data show of each case: a column with its end, or one column for each move."""

    short = "column"
    column: Annotated[str, key("Column with the end, or with several ends joined by |.")] = ""
    ends: Annotated[
        dict[str, Regressors], key("How the column writes each end; by default, by its name.")
    ] = field(default_factory=dict)
    moves: Annotated[
        dict[str, dict[str, Regressors]],
        key("Columns of the moves in their order, and how each writes its moves."),
    ] = field(default_factory=dict)


class ModelFile(Part, kw_only=True):
    """A game whose utilities depend on covariates, with unknown coefficients."""

    model: Annotated[Literal[1], key("Version of this grammar: 1.")]
    extends: Annotated[str, key("A file of which this one is a variant.")] = ""
    title: Annotated[str, key("Title of the model.")] = ""
    tree: Annotated[dict[str, Any], key("Who moves first, and what each move leads to.")] = field(
        default_factory=dict
    )
    scenario: Annotated[str, key("A scenario whose game takes the place of the tree.")] = ""
    theatre: Annotated[str, key("Which theatre of the scenario, where it has several.")] = ""
    types: Annotated[
        dict[str, dict[str, Regressors]],
        key(
            "For each actor that wants one of several things, and alone knows which, its types: "
            "how large a share of the cases each is, `estimated`, or regressors of the logarithm "
            "of its odds against the `rest`, which is one of them."
        ),
    ] = field(default_factory=dict)
    utilities: Annotated[
        dict[str, dict[str, Regressors | dict[str, Regressors]]],
        key(
            "For each actor and end: a fixed number, a list of regressors (1 is the constant), "
            "each with a coefficient of its own, or an expression over named coefficients and "
            "columns; or one of these for each type."
        ),
    ] = field(default_factory=dict)
    coefficients: Annotated[Names, key("Names of the coefficients that expressions use.")] = field(
        default_factory=list
    )
    error: Annotated[Errors, key("How actors err: logit, probit or private.")] = "logit"
    scale: Annotated[
        Regressors | dict[str, Regressors],
        key(
            "Scale of the errors: a number, `estimated`, or regressors of its logarithm; for all "
            "actors, or for each."
        ),
    ] = 1.0
    observed: Annotated[Observed, key("What the data show of each case.")]
    where: Annotated[str, key("Which cases count: a condition over columns.")] = ""
    missing: Annotated[
        Literal["refuse", "drop"], key("What to do with cases that lack a value.")
    ] = "refuse"
    weight: Annotated[str, key("Column that says how often a case counts.")] = ""
    cluster: Annotated[str, key("Column of groups within which cases depend on each other.")] = ""


def read_file(model: str | Path | Mapping[str, Any]) -> tuple[ModelFile, Source]:
    """The checked keys of a model file, or of the same keys given in Python.

    Raises:
        ScenarioError: With every fault of the grammar, each with its line.
    """
    given = isinstance(model, Mapping)
    source = Source(dict(model), {}, (), "") if given else load_source(Path(model))
    if "model" not in source.data and "format" in source.data:
        name = source.files[0].name if source.files else "crisis.yaml"
        advice = (
            f"Write a model file beside it: `model: 1`, `scenario: {name}`, `utilities` with the "
            "columns that they depend on, and what was `observed`."
        )
        fault = source.fault(("format",), "this is a scenario, not a model", advice, key=True)
        raise ScenarioError([fault])
    file, faults = read_parts(source, ModelFile)
    if faults:
        raise ScenarioError(faults)
    return file, source
