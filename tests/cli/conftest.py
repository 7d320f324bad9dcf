"""Running the command line inside the test process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from escalade.cli import main


class Result(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Run ``escalade ARGUMENTS``."""

    def escalade(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["escalade", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "160")
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        printed = capsys.readouterr()
        return Result(status, str(printed.out), str(printed.err))

    return escalade
