"""`import escalade` opens a front door, and nothing heavy comes in through it."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import escalade

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("numba", "llvmlite", "scipy", "matplotlib", "jinja2")

IMPORT_ALL = """
import importlib, pkgutil, escalade, escalade.{room} as room
for module in pkgutil.walk_packages(getattr(room, "__path__", ()), room.__name__ + "."):
    importlib.import_module(module.name)
"""
CHECK = """
from escalade.cli import app
try:
    app(["check", "scenarios/cuba-1962/hawk.yaml"])
except SystemExit as end:
    assert not end.code, end
"""


def test_exported_names_exist() -> None:
    assert list(escalade.__all__) == sorted(escalade.__all__) == dir(escalade)
    for name in escalade.__all__:
        assert getattr(escalade, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'escalade' has no attribute 'solv'"):
        getattr(escalade, "solv")  # noqa: B009


def test_the_type_checker_and_python_see_the_same_names() -> None:
    tree = ast.parse(Path(escalade.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("escalade.")
        for alias in node.names
    }
    assert seen == vars(escalade)["_HOMES"]
    assert {*seen, "__version__"} == set(escalade.__all__)


def test_no_exported_name_is_that_of_a_room() -> None:
    """Importing `escalade.solve` would replace a function `solve` by the room, sooner or later."""
    rooms = {module.name for module in pkgutil.iter_modules(escalade.__path__)}
    assert not rooms & set(escalade.__all__)


def test_the_installed_version_is_that_of_the_source() -> None:
    assert version("escalade") == escalade.__version__, "install again: pip install -e ."


@pytest.mark.parametrize("room", ["errors", "text", "scenario", "ledger", "cli"])
def test_importing_a_light_room_loads_nothing_heavy(room: str) -> None:
    assert _heavy_after(IMPORT_ALL.format(room=room)) == ""


def test_checking_a_scenario_loads_nothing_heavy() -> None:
    assert _heavy_after(CHECK) == ""


def test_a_forecast_waits_for_no_statistics() -> None:
    """`scipy.stats` takes half a second to import: see `escalade.forecast.sobol`."""
    code = "import escalade.forecast.forecast, escalade.report.tables"
    assert _loaded_after(code, ("scipy.stats", "matplotlib", "jinja2", "pyarrow")) == ""


def _heavy_after(code: str) -> str:
    return _loaded_after(code, HEAVY)


def _loaded_after(code: str, packages: tuple[str, ...]) -> str:
    """Which of the packages a fresh interpreter has loaded after running `code`."""
    code += f"\nimport sys\nprint('heavy:', *(name for name in {packages} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.rpartition("heavy:")[2].strip()
