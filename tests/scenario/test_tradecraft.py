"""The standards of ICD 203 that a program can see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crises import CRISIS, changed, crisis, write
from escalade.cli import main
from escalade.scenario.tradecraft import tradecraft
from escalade.text.pins import take_in

BARE = {name: {k: v for k, v in o.items() if k in ("when", "finally", "otherwise")}
        for name, o in CRISIS["outcomes"].items()}  # fmt: skip
FIRST = next(iter(BARE))
SOURCE = {"sources": {"press": {"reliability": "F"}},
          "evidence": {"leak": {"date": "2020-01-02", "source": "press", "credibility": 6,
                                "says": "us.tough"}}}  # fmt: skip

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "confidence in a claim": (
        {"claims": {"c": {"holds": "P(win) > P(war)",
                          "says": "War is unlikely, and this is said with high confidence."}}},
        "claim 'c' mixes a likelihood word with 'high confidence'"),
    "assumption": ({}, "'actors.us.types.tough.share' is an assumption without citation"),
    "source not judged": (SOURCE, "evidence 'leak' is graded F6: its source is not judged"),
    "rumour that an input rests on": (
        {"statements": {"p1.s1": {"status": "rumour", "gist": "They are tough."}},
         **changed("actors", "us", "types", "tough", to={"share": 0.4, "cite": "p1.s1"})},
        "p1.s1 is a rumour that no source is graded for, and actors.us.types.tough"),
    "analogy": (
        {"statements": {"p1.s1": {"status": "judgement", "gist": "As in 1938, they will fold."}},
         **changed("actors", "us", "types", "tough", to={"share": 0.4, "cite": "p1.s1"})},
        "p1.s1 argues by analogy ('As in 1938')"),
    "one-sided": (
        {"horizon": None,
         "outcomes": {**BARE, FIRST: {**BARE[FIRST], "means": "the end", "resolved_by": "the press",
                                      "cite": ["p1.s1", "p1.s2", "p1.s3", "p1.s4"]}}},
        f"one-sided: only '{FIRST}' says"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_departure_is_named(tmp_path: Path, case: str) -> None:
    changes, message = CASES[case]
    assert any(message in str(found) for found in tradecraft(crisis(tmp_path, **changes)))


def test_an_analogy_with_a_reference_class_is_no_departure(tmp_path: Path) -> None:
    statement = {"p1.s1": {"status": "judgement", "gist": "As in 1938, they will fold."}}
    share = {"share": "26 of 129", "cite": "p1.s1"}
    scenario = crisis(
        tmp_path, statements=statement, **changed("actors", "us", "types", "tough", to=share)
    )
    assert not any("argues by analogy" in str(found) for found in tradecraft(scenario))


def test_an_end_without_resolver_is_a_departure_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, outcomes=BARE)
    monkeypatch.setattr("sys.argv", ["escalade", "check", str(path), "--strict"])
    with pytest.raises(SystemExit):
        main()
    told = [line for line in capsys.readouterr().out.splitlines() if "is unscorable" in line]
    assert len(told) == len(BARE)
    assert all(line.startswith("tradecraft: ") for line in told)


def test_full_alternatives_are_not_one_sided(tmp_path: Path) -> None:
    assert not any("one-sided:" in str(found) for found in tradecraft(crisis(tmp_path)))


def test_the_text_itself_is_read_when_it_is_at_hand(tmp_path: Path) -> None:
    (tmp_path / "essay.txt").write_text("They will fold, as in 1938. That is likely.\n")
    take_in(tmp_path / "essay.txt")
    assessment = {**CRISIS["assessment"], "text": "essay.txt", "sentences": "essay.sentences.json"}
    share = {"share": 0.4, "cite": "p1.s1"}
    scenario = crisis(
        tmp_path, assessment=assessment, **changed("actors", "us", "types", "tough", to=share)
    )
    assert any("('as in 1938')" in str(found) for found in tradecraft(scenario))


def test_likelihood_and_confidence_in_one_sentence_of_the_text_are_a_departure(
    tmp_path: Path,
) -> None:
    (tmp_path / "essay.txt").write_text("War is unlikely, which I say with high confidence.\n")
    take_in(tmp_path / "essay.txt")
    assessment = {**CRISIS["assessment"], "text": "essay.txt", "sentences": "essay.sentences.json"}
    found = [fault.message for fault in tradecraft(crisis(tmp_path, assessment=assessment))]
    assert "p1.s1 mixes a likelihood word with 'high confidence'" in found
