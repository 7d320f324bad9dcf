"""What reports may be about, and what a file may say of their worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crises import crisis
from escalade.errors import ScenarioError
from escalade.scenario.claims import PastMove, QuantityEvent, TypeEvent
from escalade.scenario.lints import lint
from escalade.scenario.scenario import Scenario
from escalade.scenario.values import Distribution

REPORT = {"date": "2020-03-01", "source": "wire", "credibility": 2, "says": "us.tough"}
UNSEEN = [{"date": "2020-02-01", "us": "unknown"}]


def told(folder: Path, *, ratios: dict[str, Any] | None = None, **report: Any) -> Scenario:
    evidence = {"cable": {**REPORT, **report}}
    return crisis(
        folder, sources={"wire": {"reliability": "B"}}, evidence=evidence, ratios=ratios or {},
        history=UNSEEN, quantities={"guns": {"value": "100 to 900", "unit": "guns"}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("says", "event", "denies"),
    [
        ("us.tough", TypeEvent(0, 0), False),
        ("not us.tough", TypeEvent(0, 0), True),
        ("made(threaten)", PastMove(0, "threaten", "2020-03-01"), False),
        ("not threaten", PastMove(0, "threaten", "2020-03-01"), True),
    ],
)
def test_a_report_is_about_a_type_or_a_move(
    tmp_path: Path, says: str, event: object, denies: bool
) -> None:
    (report,) = told(tmp_path, says=says).evidence
    assert (report.event, report.denies, report.says) == (event, denies, says)


def test_a_report_about_a_quantity_uses_it(tmp_path: Path) -> None:
    scenario = told(tmp_path, says="not guns / 2 > 400")
    (report,) = scenario.evidence
    assert isinstance(report.event, QuantityEvent)
    assert report.denies
    assert not any("never used" in str(found) for found in lint(scenario))


BAD = {
    "no such type": ({"says": "us.tuogh"}, "Did you mean `us.tough`"),
    "an outcome": ({"says": "war"}, "a report is about a type, a move already made, or a quantity"),
    "two things": ({"says": "us.tough and made(threaten)"}, "a report is about a type"),
    "the state": ({"says": "rung >= alert"}, "a report is about a type"),
    "a move to come": ({"says": "made(yield)"}, "leaves no turn open at which `yield`"),
    "before the move": ({"says": "made(threaten)", "date": "2020-01-31"}, "by 2020-01-31 the hist"),
    "no expression": ({"says": "us.tough >"}, "evidence|cable|expected|value"),
    "no grade": ({"ratios": {"G2": 3}}, "`G2` is no grade"),
    "F6": ({"ratios": {"F6": 3}}, "F6 changes nothing, exactly"),
    "a ratio of nothing": ({"ratios": {"B2": 0}}, "is not above 0"),
    "a word": ({"ratios": {"B2": "rare"}}, "is a habit word, which does not fit"),
    "falling": ({"ratios": {"B2": "9 to 2"}}, "Write `2 to 9`"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_makes_no_evidence_is_a_fault(tmp_path: Path, case: str) -> None:
    changes, message = BAD[case]
    with pytest.raises(ScenarioError, match=message):
        told(tmp_path, **changes)


def test_a_file_may_give_its_own_ratio_to_a_grade(tmp_path: Path) -> None:
    def worth(**ratios: Any) -> Distribution:
        scenario = told(tmp_path, ratios=ratios)
        value = scenario.inputs[scenario.evidence[0].ratio].value
        assert isinstance(value, Distribution)
        return value

    assert worth(B2=3).parameters == (3.0,)
    assert worth(B2="2 to 8").family == "lognormal"
    assert worth(B2="2 to 8").median == pytest.approx(4.0)
    assert worth(C2="2 to 8") == worth()
