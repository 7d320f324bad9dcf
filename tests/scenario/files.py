"""Writing scenario files in tests, and the faults of reading them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escalade.errors import Fault, ScenarioError
from escalade.scenario.source import load_source

Write = Callable[..., Path]


def faults_of(path: Path) -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        load_source(path)
    return caught.value.faults


def only_fault(path: Path) -> Fault:
    faults = faults_of(path)
    assert len(faults) == 1
    assert faults[0].file == str(path)
    return faults[0]
