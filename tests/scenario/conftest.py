"""Fixtures for tests of scenario files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from escalade.scenario import nodes
from scenario.files import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the scenario folder."""

    def writer(content: str | bytes, name: str = "a.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return writer


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both parsers of the YAML library: not every platform has the compiled one."""
    if request.param == "python":
        monkeypatch.setattr(nodes, "LOADER", yaml.SafeLoader)
    return request.param
