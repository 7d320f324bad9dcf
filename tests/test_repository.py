"""The rules of the house that can be read off the files."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import escalade

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "escalade"

PLACE_ON_A_MACHINE = re.compile(
    r"(?<![\w.*-])/(?:home|Users|root|work|opt|mnt|srv)/\w|\b[A-Z]:\\\w"
)
# Hosts and indexes have no place in what an installation reads.
HOST = re.compile(r"://|--(?:extra-)?index-url|--find-links|--trusted-host| @ ")
WITH_PYRIGHT = ("typing_extensions",)
CONFIGURATION = ("constraints.txt", "pyproject.toml", "mkdocs.yml", "Makefile", ".ci/run")


def _texts() -> dict[str, str]:
    """The text files that belong to the repository, by their path in it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts: dict[str, str] = {}
    for name in filter(None, listed.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b"\0"
        if b"\0" not in content:
            texts[name] = content.decode("utf-8")
    return texts


def _project() -> dict[str, Any]:
    """What pyproject.toml says of the project."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _names(requirements: Iterable[str]) -> set[str]:
    """The names in lines such as ``numpy>=2``."""
    return {re.split(r"[^\w.-]", line)[0].lower() for line in requirements}


def test_no_text_names_a_place_on_a_machine() -> None:
    assert [
        f"{name}:{number}: {line}"
        for name, text in _texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if PLACE_ON_A_MACHINE.search(line)
    ] == []


@pytest.mark.parametrize("name", CONFIGURATION)
def test_no_configuration_names_a_host(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if HOST.search(line)] == []


def test_every_module_is_under_400_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in SOURCE.rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length >= 400} == {}


def test_the_licence_is_mit_and_ours() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("MIT License")
    assert "The Escalade authors" in licence


def test_the_version_stands_in_one_place() -> None:
    project = _project()
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    literal = f'"{escalade.__version__}"'
    assert [str(path) for path in SOURCE.rglob("*.py") if literal in path.read_text("utf-8")] == [
        escalade.__file__
    ]


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    imported = {
        name.partition(".")[0]
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _modules_named(node)
    }
    ours = imported - sys.stdlib_module_names - {"escalade", *WITH_PYRIGHT}
    providers = packages_distributions()
    project = _project()
    declared = _names(project["dependencies"])
    extras = project["optional-dependencies"]
    allowed = declared | _names([*extras["cluster"], *extras["parquet"], *extras["posterior"]])
    used = {providers.get(module, [module])[0].lower() for module in ours}
    assert used - allowed == set(), "imported, not declared"
    assert declared - used == set(), "declared, not imported"


def _modules_named(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_every_dependency_has_an_exact_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    project = _project()
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    assert _names(wanted) - _names(pins) == {"escalade"}


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob(f"escalade-{escalade.__version__}-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("escalade/")}
    assert packed == {name.removeprefix("src/") for name in _texts() if name.startswith("src/")}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_refuses_an_old_python(tmp_path: Path) -> None:
    command = ["make", "demo", "PYTHON=python2-of-old", f"VENV={tmp_path / 'venv'}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "Escalade needs Python 3.11 or later" in run.stderr
    assert "make demo PYTHON=" in run.stderr
