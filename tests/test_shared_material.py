"""In CI a test that uses ../shared may not skip where ../shared is present."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with our conftest, not in CI and without ../shared."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ESCALADE_REQUIRE_SHARED", raising=False)
    tests = pytester.mkdir("repository") / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (tests / "test_golden.py").write_text("def test_golden(shared): assert shared.is_dir()\n")
    return tests.parent


def test_without_shared_material_the_test_skips(
    pytester: pytest.Pytester, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = pytester.runpytest_subprocess("-ra", repository)
    result.assert_outcomes(skipped=1)
    assert result.ret == pytest.ExitCode.OK


def test_with_shared_material_the_test_runs(pytester: pytest.Pytester, repository: Path) -> None:
    pytester.mkdir("shared")
    pytester.runpytest_subprocess(repository).assert_outcomes(passed=1)


@pytest.mark.parametrize("switch", ["CI", "ESCALADE_REQUIRE_SHARED"])
@pytest.mark.parametrize(
    "skip",
    [
        "import pytest\n\ndef test_it(): pytest.skip('needs ../shared')\n",
        "import pytest\n\n@pytest.mark.skipif(1, reason='needs ../shared')\ndef test_it(): 0\n",
        "import pytest\n\npytest.skip('needs ../shared/golden', allow_module_level=True)\n",
    ],
    ids=["call", "mark", "module"],
)
def test_a_skip_in_spite_of_shared_material_fails_the_session(
    pytester: pytest.Pytester,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    skip: str,
    switch: str,
) -> None:
    pytester.mkdir("shared")
    (repository / "tests" / "test_lazy.py").write_text(skip)
    assert pytester.runpytest_subprocess(repository).ret == pytest.ExitCode.OK

    monkeypatch.setenv(switch, "1")
    result = pytester.runpytest_subprocess(repository)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*but ../shared is present*"])


def test_other_skips_stay_skips(
    pytester: pytest.Pytester, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    pytester.mkdir("shared")
    (repository / "tests" / "test_other.py").write_text(
        "import pytest\n\ndef test_it(): pytest.skip('needs a screen')\n"
    )
    pytester.runpytest_subprocess(repository).assert_outcomes(passed=1, skipped=1)
