"""In CI a test that uses ../shared may not skip where ../shared is present."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
SKIPS = {
    "call": "import pytest\ndef test_it(): pytest.skip('needs ../shared')",
    "mark": "import pytest\n@pytest.mark.skipif(1, reason='needs ../shared')\ndef test_it(): 0",
    "module": "import pytest\npytest.skip('needs ../shared/golden', allow_module_level=True)",
}


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with our conftest and one test, not in CI and without ../shared."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ESCALADE_REQUIRE_SHARED", raising=False)
    tests = pytester.mkdir("repository") / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (tests / "test_golden.py").write_text("def test_golden(shared): assert shared.is_dir()")
    return tests.parent


def test_without_shared_material_a_test_skips(
    pytester: pytest.Pytester, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = pytester.runpytest(repository)
    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.OK


def test_with_shared_material_a_test_runs(pytester: pytest.Pytester, repository: Path) -> None:
    pytester.mkdir("shared")
    pytester.runpytest(repository).assert_outcomes(passed=1)


def test_outside_ci_a_skip_is_a_skip(pytester: pytest.Pytester, repository: Path) -> None:
    pytester.mkdir("shared")
    (repository / "tests" / "test_it.py").write_text(SKIPS["call"])
    pytester.runpytest(repository).assert_outcomes(passed=1, skipped=1)


@pytest.mark.parametrize("skip", SKIPS)
@pytest.mark.parametrize("switch", ["CI", "ESCALADE_REQUIRE_SHARED"])
def test_in_ci_a_skip_in_spite_of_shared_material_fails(
    pytester: pytest.Pytester,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    switch: str,
    skip: str,
) -> None:
    monkeypatch.setenv(switch, "1")
    pytester.mkdir("shared")
    (repository / "tests" / "test_it.py").write_text(SKIPS[skip])
    result = pytester.runpytest(repository)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*but ../shared is present*"])


def test_in_ci_other_skips_stay_skips(
    pytester: pytest.Pytester, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.mkdir("shared")
    (repository / "tests" / "test_it.py").write_text(
        "import pytest\ndef test_it(): pytest.skip('needs a screen')"
    )
    pytester.runpytest(repository).assert_outcomes(passed=1, skipped=1)
