"""Solutions kept on disk."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import pytest

import escalade.forecast.store as room
from crises import crisis, write
from escalade.cli.options import memory
from escalade.forecast.forecast import forecast
from escalade.forecast.store import Store
from escalade.report.plain import to_json
from escalade.scenario.read import read_scenario
from escalade.solve import solve
from escalade.solve.solve import Run


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("solved again")


def entries(folder: Path) -> list[Path]:
    return sorted(folder.rglob("output.pkl"))


def test_what_was_solved_is_not_solved_again_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = crisis(tmp_path)
    plain = to_json(forecast(scenario, draws=64))
    assert to_json(forecast(scenario, draws=64, solver=Store(tmp_path / "kept"))) == plain
    assert entries(tmp_path / "kept")
    monkeypatch.setattr(Run, "solve", refuse)
    remembered = forecast(scenario, draws=64, solver=Store(tmp_path / "kept"))
    assert to_json(remembered) == plain


def test_another_number_is_another_solution(tmp_path: Path) -> None:
    for draws in (16, 17):
        forecast(crisis(tmp_path), draws=draws, solver=Store(tmp_path / "kept"))
    assert len(entries(tmp_path / "kept")) == 4  # with habit alone


def test_a_damaged_entry_is_solved_again(tmp_path: Path) -> None:
    plain = to_json(forecast(crisis(tmp_path), draws=16, solver=Store(tmp_path / "kept")))
    for entry in entries(tmp_path / "kept"):
        entry.write_bytes(entry.read_bytes()[:50])
    assert to_json(forecast(crisis(tmp_path), draws=16, solver=Store(tmp_path / "kept"))) == plain


def test_the_folder_may_be_deleted_at_any_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "kept")
    plain = to_json(forecast(crisis(tmp_path), draws=16, solver=store))
    shutil.rmtree(tmp_path / "kept")
    assert to_json(forecast(crisis(tmp_path), draws=16, solver=store)) == plain


def test_a_large_solution_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGEST", 100)
    forecast(crisis(tmp_path), draws=16, solver=Store(tmp_path / "kept"))
    assert not entries(tmp_path / "kept")


def test_a_folder_that_cannot_be_written_is_said_and_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ESCALADE_CACHE", str(tmp_path / "file"))
    assert memory() is solve
    assert "nothing is kept for later" in capsys.readouterr().err


def _forecast(path: Path, folder: Path) -> str:
    return to_json(forecast(read_scenario(path), draws=256, solver=Store(folder)))


@pytest.mark.slow
def test_two_processes_may_use_one_folder(tmp_path: Path) -> None:
    job = (write(tmp_path), tmp_path / "kept")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(_forecast, [job] * 4)
    assert found == [found[0]] * 4


def test_what_is_kept_is_numbers_and_no_print_of_them(tmp_path: Path) -> None:
    forecast(crisis(tmp_path), draws=512, solver=Store(tmp_path / "kept"))
    notes = sorted((tmp_path / "kept").rglob("metadata.json"))
    assert notes
    assert max(note.stat().st_size for note in notes) < 20_000
