"""What is no fault but worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crises import CRISIS, changed, crisis
from escalade.errors import ScenarioError
from escalade.scenario.lints import lint
from escalade.text.pins import take_in

MOVES = CRISIS["moves"]

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "unscorable": ({"horizon": None}, "'war' is unscorable: it has no date"),
    "never moves": (
        {"actors": {**CRISIS["actors"], "un": {}}}, "un never moves"),
    "wants nothing": (changed("actors", "ru", to={"precision": 3.0}), "ru moves but wants nothing"),
    "never possible": (
        changed("moves", "attack", to={"by": "us", "when": "rung == fight"}),
        "'attack' is never possible"),
    "not listed": (changed("moves", "shout", to={"by": "us"}), "no turn lists the move 'shout'"),
    "unused quantity": ({"quantities": {"price": 0.5}}, "the quantity 'price' is never used"),
    "no play leads there": (
        changed("outcomes", "war", to={"when": "rung == fight and rung == quiet"}),
        "no play leads to 'war'"),
    "twins": (
        {"moves": {**MOVES, "menace": MOVES["threaten"]},
         "play": [{"us": ["wait", "threaten", "menace"]}, *CRISIS["play"][1:]]},
        "'menace' and 'threaten' do the same"),
    "silence": (
        changed("moves", "threaten", to={**MOVES["threaten"], "seen_by": []}),
        "those who do not see 'threaten' can tell it"),
    "shares": (
        changed("actors", "us", "types", to={"tough": {"share": 0.7}, "soft": {"share": 0.7}}),
        "add up to 1.40; they are scaled"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_lint_speaks_up(tmp_path: Path, case: str) -> None:
    changes, message = CASES[case]
    assert any(message in str(found) for found in lint(crisis(tmp_path, **changes)))


def test_the_plain_crisis_is_only_told_of_its_assumptions(tmp_path: Path) -> None:
    found = [str(fault) for fault in lint(crisis(tmp_path))]
    assert len(found) == 1
    assert "assumptions without citation: actors.us.types.tough.share" in found[0]


def test_variants_and_moves_that_conditions_tell_apart_are_no_twins(tmp_path: Path) -> None:
    moves = {name: {**MOVES["threaten"], "variant_of": "threat"} for name in ("threaten", "menace")}
    play = [{"us": ["wait", "threaten", "menace"]}, *CRISIS["play"][1:]]
    found = lint(crisis(tmp_path, moves={**MOVES, **moves}, play=play))
    assert not any("do the same" in str(fault) for fault in found)


def test_a_large_tree_says_what_multiplies_it(tmp_path: Path) -> None:
    turns = [{"us": ["wait", "threaten"]}, {"ru": ["yield", "stand"]}]
    play = [{"repeat": {"times": 20, "play": turns}}]
    found = [str(fault) for fault in lint(crisis(tmp_path, play=play))]
    assert any("a large tree: 1,099,511,627,776 histories" in text for text in found)
    assert any("'us: wait, threaten' × 2.0" in text for text in found)


def essay(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "essay.txt"
    path.write_text(text, encoding="utf-8")
    take_in(path)
    return {"by": "x", "date": "2020-01-01", "text": "essay.txt",
            "sentences": "essay.sentences.json"}  # fmt: skip


def test_sentences_that_nothing_cites_are_listed_unless_they_are_opinion(tmp_path: Path) -> None:
    given = essay(tmp_path, "War is near. It is a shame. Who knows?\n")
    statements = {"p1.s2": {"status": "judgement", "opinion": True}, "p1.s3": "question"}
    found = lint(crisis(tmp_path, assessment=given, statements=statements))
    assert any("nothing cites p1.s1\n" in str(fault) for fault in found)


def test_a_changed_text_is_a_fault(tmp_path: Path) -> None:
    given = essay(tmp_path, "War is near. It is a shame.\n")
    (tmp_path / "essay.txt").write_text("War is far. It is a shame.\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"p1\.s1"):
        lint(crisis(tmp_path, assessment=given))


def test_an_absent_text_is_no_fault(tmp_path: Path) -> None:
    given = essay(tmp_path, "War is near. It is a shame.\n")
    (tmp_path / "essay.txt").unlink()
    assert lint(crisis(tmp_path, assessment=given))


def test_likelihood_and_confidence_in_one_sentence_are_pointed_out(tmp_path: Path) -> None:
    given = essay(tmp_path, "War is likely, with high confidence. Peace is unlikely.\n")
    found = [str(fault) for fault in lint(crisis(tmp_path, assessment=given))]
    assert any("p1.s1 mixes a likelihood word with 'high confidence'" in text for text in found)
    assert not any("p1.s2 mixes" in text for text in found)


def test_a_citation_of_a_sentence_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    given = essay(tmp_path, "War is near. It is a shame.\n")
    cited = changed("moves", "attack", to={**MOVES["attack"], "cite": "p1.s7"})
    with pytest.raises(ScenarioError, match=r"the assessment has no sentence `p1\.s7`"):
        crisis(tmp_path, assessment=given, **cited)
