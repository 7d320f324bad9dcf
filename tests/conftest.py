"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"
REQUIRE_SHARED = os.environ.get("ESCALADE_REQUIRE_SHARED") == "1" or bool(os.environ.get("CI"))

# The first call of a kernel compiles it: no deadline. The rest is as Hypothesis sets it, which
# in CI means the same examples every time.
settings.register_profile("escalade", settings(), deadline=None)
settings.load_profile("escalade")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared material beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared")
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests keep no solutions among those of the user."""
    os.environ["ESCALADE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the skips of tests."""
    return _shared_material_is_used((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skips of whole modules."""
    return _shared_material_is_used((yield))


def _shared_material_is_used(report: Report) -> Report:
    """Fail what skips for want of ../shared although CI has it: it would check nothing, unseen."""
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
    if report.skipped and "../shared" in reason and REQUIRE_SHARED and SHARED.is_dir():
        report.outcome = "failed"
        report.longrepr = f"{reason} — but ../shared is present, and CI must use it"
    return report
