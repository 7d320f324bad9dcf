"""Reading a scenario file: the one way in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escalade.errors import ScenarioError, TextError
from escalade.scenario.parts import read_parts
from escalade.scenario.reading import Reading
from escalade.scenario.resolve import beside, resolve
from escalade.scenario.scenario import Scenario
from escalade.scenario.schema import ScenarioFile
from escalade.scenario.source import Source, in_order_of, load_source, merge
from escalade.text.pins import read_pins


def read_scenario(
    path: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    like: str | Path | None = None,
) -> Scenario:
    """Read and check a scenario file.

    Args:
        path: The file; files it extends are read too.
        overrides: Keys to merge over the file's, as a rival file would.
        like: Another file, in whose order its keys are taken wherever order means nothing: for
            `escalade.explain.compare`.

    Returns:
        The scenario, with every name bound.

    Raises:
        ScenarioError: With every fault, each with its line and advice.
    """
    path = Path(path)
    source = load_source(path)
    if overrides:
        source = merge(source, overrides)
    if like:
        source = in_order_of(source, load_source(Path(like)))
    file, faults = read_parts(source, ScenarioFile)
    reading = Reading(source, file, _sentences(source, file))
    reading.faults += faults
    return resolve(reading, path)


def _sentences(source: Source, file: ScenarioFile) -> frozenset[str] | None:
    """Ids of the pinned sentences; None when the file names none."""
    path = beside(source, "sentences", file.assessment.sentences)
    if path is None:
        return None
    try:
        pins = read_pins(path)
    except TextError as error:
        fault = source.fault(("assessment", "sentences"), str(error))
        raise ScenarioError([fault]) from None
    return frozenset(sentence.id for sentence in pins.sentences)
