"""Every code block and transcript of the documentation is executed.

A page is a story: its blocks run in order in one folder, which holds the scenarios that ship, and
its Python blocks share their names. What a block is, its language says:

- ``console``: ``$ escalade …`` and the output expected; a line ``...`` stands for any lines;
- ``python``: is executed;
- ``yaml``: must be YAML; with ``format: 1`` it must pass ``escalade check``; when its first line
  is a comment with a file name, the file is there for the blocks that follow;
- ``json``: must be JSON; ``sh``: commands from a short list; ``text``: anything else.

``ESCALADE_REWRITE_DOCS=1`` writes the present output into the transcripts instead of complaining.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
    if page.exists()
]
REWRITE = os.environ.get("ESCALADE_REWRITE_DOCS") == "1"
BIN = Path(sys.executable).parent
INHERITED = ("HOME", "NUMBA_CACHE_DIR", "SYSTEMROOT", "TMPDIR")
ENVIRONMENT = {name: os.environ[name] for name in INHERITED if name in os.environ} | {
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "PYTHONUTF8": "1",
}
FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
SHELL = re.compile(
    r"make \w+( PYTHON=\S+)?|cd escalade|git clone <\w+>( escalade)?|\.ci/run"
    r"|pip install (escalade|'escalade\[\w+\]'|\.|'\.\[\w+\]'|-e \.)"
    r"|python3 -m venv \.venv|(ESCALADE_REWRITE_DOCS=1 )?\.venv/bin/(pytest|mkdocs|ruff)( .*)?"
)
Names = dict[str, object]


@dataclass
class Page:
    """A page under test: where it stands, the folder it runs in, what its Python has named."""

    path: Path
    folder: Path
    names: Names = field(default_factory=dict)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command the way a reader would, in the page's folder."""
        return subprocess.run(
            shlex.split(command),
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_of_the_page_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (ROOT / "scenarios").is_dir():
        shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    page = Page(path, tmp_path)
    text = path.read_text(encoding="utf-8")

    def execute(block: re.Match[str]) -> str:
        indent, language, body = block.groups()
        line = text.count("\n", 0, block.start()) + 1
        where = f"{path.relative_to(ROOT)}:{line}"
        if language not in EXECUTE:
            pytest.fail(f"{where}: a block is one of {', '.join(EXECUTE)}, not {language!r}")
        inner = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
        after = EXECUTE[language](page, inner, where)
        if after is None or after == inner:
            return block[0]
        return block[0].replace(body, re.sub(r"^(?=.)", indent, after, flags=re.MULTILINE))

    after = FENCE.sub(execute, text)
    if REWRITE and after != text:
        path.write_text(after, encoding="utf-8")


def _console(page: Page, body: str, where: str) -> str:
    """Run a transcript; returns it with the output of today."""
    before, *exchanges = re.split(r"^\$ (.*)\n", body, flags=re.MULTILINE)
    assert not before, f"{where}: a transcript begins with '$ '"
    written = ""
    for command, output in zip(exchanges[::2], exchanges[1::2], strict=True):
        assert command.split()[0] in {"escalade", "cat", "head", "ls"}, f"{where}: {command}"
        run = page.run(command)
        assert "Traceback" not in run.stderr, f"{where}: {command}\n{run.stderr}"
        actual = _lines(run.stdout + (run.stderr if run.returncode else ""))
        expected = _lines(output)
        if not _fits(expected, actual):
            if not REWRITE:
                diff = "\n".join(difflib.unified_diff(expected, actual, "page", "today", n=1))
                pytest.fail(f"{where}: $ {command}\n{diff}\n(ESCALADE_REWRITE_DOCS=1 rewrites it)")
            expected = _elided_alike(expected, actual)
        end = "\n" if output.endswith("\n\n") else ""
        written += "\n".join([f"$ {command}", *expected]) + "\n" + end
    return written


def _lines(output: str) -> list[str]:
    """The lines of an output without trailing blanks."""
    return [line.rstrip() for line in output.rstrip().splitlines()]


def _fits(expected: list[str], actual: list[str]) -> bool:
    """Whether the output is as expected, an elision standing for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in expected
    )
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def _elided_alike(expected: list[str], actual: list[str]) -> list[str]:
    """The output of today, cut where the page cut it: as many lines at its head and its end."""
    cuts = [number for number, line in enumerate(expected) if line.strip() == "..."]
    if not cuts:
        return actual
    head, end = cuts[0], len(expected) - cuts[-1] - 1
    return [*actual[:head], expected[cuts[0]], *actual[len(actual) - end :]]


def _python(page: Page, body: str, where: str) -> None:
    """Execute a block; a traceback names the page and the line in it."""
    first = int(where.rpartition(":")[2])
    exec(compile("\n" * first + body, str(page.path), "exec"), page.names)


def _yaml(page: Page, body: str, where: str) -> None:
    """Read a block; check it when it is a whole scenario."""
    yaml.safe_load(body)
    named = re.match(r"# (\S+\.yaml)$", body, re.MULTILINE)
    name = named[1] if named else f"line-{where.rpartition(':')[2]}.yaml"
    whole = re.search(r"^format: 1$", body, re.MULTILINE)
    if named or whole:
        (page.folder / name).write_text(body, encoding="utf-8")
    if whole:
        run = page.run(f"escalade check {name}")
        assert run.returncode == 0, f"{where}: {run.stdout}{run.stderr}"


def _json(page: Page, body: str, where: str) -> None:
    json.loads(body)


def _shell(page: Page, body: str, where: str) -> None:
    """Commands for a reader's shell are known ones, and their make targets exist."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in body.splitlines():
        command = line.partition("  #")[0].strip()
        assert SHELL.fullmatch(command), f"{where}: add {command!r} to SHELL, or use console"
        if command.startswith("make "):
            assert f"\n{command.split()[1]}:" in makefile, f"{where}: no target for {command!r}"


def _text(page: Page, body: str, where: str) -> None:
    """Nothing to execute."""


EXECUTE: dict[str, Callable[[Page, str, str], str | None]] = {
    "console": _console,
    "python": _python,
    "yaml": _yaml,
    "json": _json,
    "sh": _shell,
    "text": _text,
}


@pytest.mark.parametrize(
    ("expected", "fits"),
    [
        ("one two three", True),
        ("... three", True),
        ("one ... three ...", True),
        ("...", True),
        ("one three", False),
        ("one ... four", False),
        ("ONE ...", False),
    ],
)
def test_an_elision_stands_for_any_lines(expected: str, fits: bool) -> None:
    assert _fits(expected.split(), ["one", "two", "three"]) is fits


def test_rewriting_keeps_the_cut() -> None:
    assert _elided_alike(["a", "...", "z"], ["b", "c", "d", "e"]) == ["b", "...", "e"]
    assert _elided_alike(["a"], ["b", "c"]) == ["b", "c"]


def test_the_site_builds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
