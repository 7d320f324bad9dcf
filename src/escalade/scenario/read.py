"""Reading a scenario file: the one way in."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escalade.errors import Fault, ScenarioError, TextError
from escalade.scenario.faults import quote, suggest
from escalade.scenario.reading import Reading
from escalade.scenario.resolve import beside, resolve
from escalade.scenario.scenario import Scenario
from escalade.scenario.schema import ScenarioFile, keys_at
from escalade.scenario.source import Source, Steps, load_source, merge
from escalade.text.pins import read_pins


def read_scenario(path: str | Path, *, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Read and check a scenario file.

    Args:
        path: The file; files it extends are read too.
        overrides: Keys to merge over the file's, as a rival file would.

    Returns:
        The scenario, with every name bound.

    Raises:
        ScenarioError: With every fault, each with its line and advice.
    """
    path = Path(path)
    source = load_source(path)
    if overrides:
        source = merge(source, overrides)
    file, faults = _validate(source)
    reading = Reading(source, file, _sentences(source, file))
    reading.faults += faults
    return resolve(reading, path)


def _validate(source: Source) -> tuple[ScenarioFile, list[Fault]]:
    """The file checked key by key; unknown keys are set aside, so that the rest is checked too."""
    try:
        return ScenarioFile.model_validate(source.data), []
    except ValidationError as error:
        faults = _faults(error, source)
        known = copy.deepcopy(source.data)
        for found in error.errors(include_url=False, include_input=False):
            if found["type"] == "extra_forbidden":
                _drop(known, source.path(found["loc"]))
    try:
        return ScenarioFile.model_validate(known), faults
    except ValidationError:
        raise ScenarioError(faults) from None


def _drop(data: Any, path: Steps) -> None:
    """Remove a key."""
    for step in path[:-1]:
        data = data[step]
    data.pop(path[-1], None)


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


def _faults(error: ValidationError, source: Source) -> list[Fault]:
    """What pydantic found, with places and in the words of the grammar; one fault per place."""
    faults: dict[tuple[str | int, ...], Fault] = {}
    for found in error.errors(include_url=False, include_context=True, include_input=True):
        path = source.path(found["loc"])
        kind, message, advice = found["type"], found["msg"], ""
        if kind == "extra_forbidden":
            message = f"there is no key {quote(path[-1])} here"
            advice = suggest(str(path[-1]), keys_at(path[:-1]), otherwise="Keys here")
        elif kind == "missing":
            message = f"{quote(found['loc'][-1])} is missing"
            advice = f"Add `{found['loc'][-1]}: …` here."
            path = source.path(found["loc"][:-1])
        elif kind == "literal_error":
            message = (
                f"expected {found.get('ctx', {}).get('expected')}, not {quote(found['input'])}"
            )
        elif kind.endswith(("_type", "_parsing")):
            names = {"model": "a mapping", "dict": "a mapping", "list": "a list", "string": "text",
                     "float": "a number or text", "bool": "true or false", "int": "a whole number",
                     "model_attributes": "a mapping"}  # fmt: skip
            expected = names.get(
                kind.removesuffix("_type").removesuffix("_parsing"), "something else"
            )
            if any(step == "float" for step in found["loc"]):
                expected = "a number or text"
            message = f"expected {expected}, not {quote(found['input'])}"
        else:
            message = message[:1].lower() + message[1:]
        faults.setdefault(path, source.fault(path, message, advice))
    return sorted(faults.values(), key=lambda fault: (fault.file, fault.line, fault.column))
