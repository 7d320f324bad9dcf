"""Estimates as priors: what a scenario takes from a fit, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalade.errors import GameError, ScenarioError
from escalade.explain.change import change_inputs, rerun
from escalade.explain.ignorance import ignorance
from escalade.explain.names import find_input, numeric, read_value
from escalade.explain.why import why
from escalade.forecast.draws import draw
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.samples import sample_table
from escalade.scenario.lints import lint
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Fitted

TERMS = ["orsia(clash): constant", "orsia(clash): ally", "log scale(keld)"]
MEAN = [-0.3, 0.9, -2.5]
COVARIANCE = [[0.04, -0.03, 0.0], [-0.03, 0.09, 0.001], [0.0, 0.001, 0.01]]

SCENARIO = """
format: 1
title: An island
assessment: {by: me, date: 2030-03-01}
estimates:
  past:
    file: fit.json
    terms:
      resist: "orsia(clash): constant"
      ally: "orsia(clash): ally"
      keen: precision(keld)
      noise: scale(keld)
quantities:
  worth: {value: past.resist + past.ally, unit: utility}
actors:
  keld: {wants: takeover > calm > clash, precision: past.keen}
  orsia: {wants: calm > takeover > clash}
moves:
  stay: {by: keld}
  land: {by: keld}
  protest: {by: orsia}
  shoot: {by: orsia, costs: {orsia: 0 - worth}}
play:
  - keld: [stay, land]
  - {when: made(land), orsia: [protest, shoot]}
outcomes:
  clash: {when: made(shoot), resolved_by: shots}
  takeover: {finally: made(land), resolved_by: guards}
  calm: {otherwise: true, resolved_by: nobody}
"""


def fit_file(**changes: Any) -> dict[str, Any]:
    """The keys of an estimate, as `escalade estimate --out` writes them."""
    rows = [{"term": t, "estimate": b, "se": 0.1} for t, b in zip(TERMS, MEAN, strict=True)]
    return {"model": "m", "converged": True, "coefficients": rows, "covariance": COVARIANCE,
            **changes}  # fmt: skip


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario with its estimate beside it."""
    (tmp_path / "fit.json").write_text(json.dumps(fit_file()))
    path = tmp_path / "island.yaml"
    path.write_text(SCENARIO)
    return path


def answer(path: Path, draws: int = 512) -> Forecast:
    return forecast(read_scenario(path), draws=draws)


def test_coefficients_are_drawn_together(scenario: Path) -> None:
    read = read_scenario(scenario)
    item = read.inputs[0]
    assert isinstance(item.value, Fitted)
    assert (item.name, item.kind) == ("estimates.past", "estimate")
    found = draw(read.inputs, 4096, 3).values[0]
    resist, ally, keen, noise = found
    assert np.mean(found[:2], axis=1) == pytest.approx(MEAN[:2], abs=0.005)
    assert np.cov(found[:2]) == pytest.approx(np.array(COVARIANCE)[:2, :2], abs=0.002)
    assert np.median(keen) == pytest.approx(np.exp(2.5), rel=0.005)
    assert np.std(np.log(keen)) == pytest.approx(0.1, rel=0.02)
    assert keen * noise == pytest.approx(1.0)
    assert np.corrcoef(resist, ally)[0, 1] == pytest.approx(-0.5, abs=0.02)


def test_a_sample_is_drawn_by_rows(scenario: Path) -> None:
    rows = np.random.default_rng(1).normal(MEAN, 0.2, size=(500, 3))
    file = fit_file(posterior={"draws": rows.tolist()})
    (scenario.parent / "fit.json").write_text(json.dumps(file))
    values = draw(read_scenario(scenario).inputs, 512, 0).values[0]
    known = {(a, b) for a, b, _ in rows.tolist()}
    assert {(a, b) for a, b in values[:2].T.tolist()} <= known
    assert np.unique(values[0]).size > 400
    text = SCENARIO.replace("file: fit.json", "file: fit.json\n    form: normal")
    scenario.write_text(text)
    values = draw(read_scenario(scenario).inputs, 512, 0).values[0]
    assert not {(a, b) for a, b in values[:2].T.tolist()} & known


def test_a_forecast_uses_the_numbers_of_a_fit(scenario: Path) -> None:
    found = answer(scenario)
    keen = np.asarray(sample_table(found)["estimates.past.keen"], dtype=float)
    assert np.median(keen) == pytest.approx(np.exp(2.5), rel=0.01)
    (noted,) = found.provenance["estimates"]
    assert noted["file"] == "fit.json"
    assert noted["form"] == "normal"
    assert len(noted["digest"]) == 64
    war = {row.outcome: row.probability for row in found.outcomes}["clash"]
    milder = fit_file()
    milder["coefficients"][0]["estimate"] = -3.0  # Orsia would rather give way
    (scenario.parent / "fit.json").write_text(json.dumps(milder))
    other = answer(scenario)
    assert {row.outcome: row.probability for row in other.outcomes}["clash"] < war / 2
    assert other.provenance["scenario_digest"] != found.provenance["scenario_digest"]


def test_a_fit_without_uncertainty_forecasts_as_plain_numbers_do(scenario: Path) -> None:
    tiny = (np.array(COVARIANCE) * 1e-18).tolist()
    (scenario.parent / "fit.json").write_text(json.dumps(fit_file(covariance=tiny)))
    plain = SCENARIO.replace("past.resist + past.ally", "0.6")
    plain = plain.replace("precision: past.keen", f"precision: {np.exp(2.5)}")
    (scenario.parent / "plain.yaml").write_text(plain)
    one, other = answer(scenario, 64), answer(scenario.parent / "plain.yaml", 64)
    mine, theirs = ([row.probability for row in each.outcomes] for each in (one, other))
    assert mine == pytest.approx(theirs, abs=1e-6)


def test_why_names_the_estimate_with_its_file(scenario: Path) -> None:
    found = why(answer(scenario, 256))
    one = next(one for one in found.uncertain if one.name == "estimates.past")
    assert one.source == "fit.json"
    shares = {row.name: row.share for row in found.explained[0].inputs}
    assert 0.01 < shares["estimates.past"] < 0.99
    assert {row.name for row in found.explained[0].sentences} == {"estimates", "assumptions"}


def test_without_its_sentence_an_estimate_is_anything(scenario: Path) -> None:
    base = answer(scenario, 128)
    item = base.scenario.inputs[0]
    loose = ignorance(item)
    assert isinstance(loose, Fitted)
    assert loose.sample == ()
    assert loose.names == ("resist", "ally", "keen", "noise")
    changed = change_inputs(base.scenario, {0: loose})
    assert np.isfinite(rerun(base, changed).weight).all()


def test_an_estimate_is_no_single_number(scenario: Path) -> None:
    read = read_scenario(scenario)
    index = find_input(read, "past")
    with pytest.raises(Exception, match="numbers that belong together"):
        read_value(read, index, "3")
    with pytest.raises(Exception, match="of several numbers"):
        numeric(read.inputs[index])


def test_a_coefficient_that_nothing_reads_is_worth_a_look(scenario: Path) -> None:
    said = [fault.message for fault in lint(read_scenario(scenario))]
    assert "the coefficient 'past.noise' is never used" in said
    assert not any("past.keen" in message for message in said)
    assert not any("estimates.past" in message for message in said)


def test_a_precision_below_nothing_is_refused(scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("precision: past.keen", "precision: past.resist"))
    with pytest.raises(GameError, match=r"precision of keld is below 0 in \d+ of 64 model worlds"):
        answer(scenario, 64)
    scenario.write_text(
        SCENARIO.replace("precision: past.keen", 'precision: "max(0, past.resist)"')
    )
    answer(scenario, 64)


def _file(change: dict[str, Any]) -> str:
    return json.dumps(fit_file(**change))


REFUSED: dict[str, tuple[str, str, str, str]] = {
    "a coefficient that is not there": (
        _file({}), "orsia(clash): ally", "orsia(clash): aly",
        "there is no coefficient `orsia(clash): aly`\n*Did you mean `orsia(clash): ally`?",
    ),
    "a scale that is not estimated": (
        _file({}), "precision(keld)", "precision(orsia)", "no coefficient `precision(orsia)`",
    ),
    "a misspelt name": (
        _file({}), "past.resist + past.ally", "past.resits + past.ally",
        "unknown name `past.resits`\n*Did you mean `past.resist`?",
    ),
    "a missing file": (
        _file({}), "fit.json", "fti.json", "`fti.json` cannot be read*Did you mean `fit.json`?",
    ),
    "a folder": (_file({}), "fit.json", ".", "cannot be read: Is a directory"),
    "an absolute path": (_file({}), "file: fit.json", "file: /fit.json", "is not a path from here"),
    "no JSON": ("war and peace", "", "", "`fit.json` is no estimate: *escalade estimate MODEL"),
    "another JSON": ("[1, 2]", "", "", "`fit.json` is no estimate: "),
    "deep JSON": ("[" * 100_000, "", "", "`fit.json` is no estimate: "),
    "too much": ('"' + "x" * 4_000_001 + '"', "", "", "no estimate: larger than 4 MB"),
    "numbers too large": (
        _file({"covariance": [[1e300] * 3] * 3}), "", "", "no estimate: a number is above 1e12",
    ),
    "no maximum": (_file({"converged": False}), "", "", "its search found no maximum"),
    "one twice": (
        _file({"coefficients": fit_file()["coefficients"][:1] * 3}), "", "", "stands there twice",
    ),
    "a covariance of another size": (
        _file({"covariance": [[1.0]]}), "", "", "does not have 3 rows of 3 numbers",
    ),
    "no standard errors": (
        _file({"covariance": [[None] * 3] * 3}), "", "", "these coefficients have no standard err",
    ),
    "no covariance": (
        _file({"covariance": [[1, 2, 0], [2, 1, 0], [0, 0, 1]]}), "", "", "have no standard errors",
    ),
    "a sample that is not there": (
        _file({}), "file: fit.json", "file: fit.json\n    form: sample", "holds no sample",
    ),
    "a condition that depends on it": (
        _file({}), "when: made(land)", "when: past.ally > 0", "`estimates.past` is uncertain",
    ),
    "a share": (
        _file({}), "{wants: calm > takeover > clash}",
        "{wants: calm > takeover > clash, types: {a: past.ally, b: {}}}", "cannot read `past.ally`",
    ),
}  # fmt: skip


def test_beside_what_separates_the_others_have_errors(scenario: Path) -> None:
    """A fit whose last coefficient is infinite: the first may be asked for, that one may not."""
    known = [[*row[:2], None] for row in COVARIANCE[:2]]
    keys = {"converged": False, "separated": TERMS[2:], "covariance": [*known, [None] * 3]}
    (scenario.parent / "fit.json").write_text(json.dumps(fit_file(**keys)))
    with pytest.raises(ScenarioError, match="these coefficients have no standard errors"):
        read_scenario(scenario)
    lines = [line for line in SCENARIO.splitlines() if "(keld)" not in line]
    scenario.write_text("\n".join(lines).replace(", precision: past.keen", ""))
    (value,) = [i.value for i in read_scenario(scenario).inputs if isinstance(i.value, Fitted)]
    assert value.mean == (-0.3, 0.9)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(scenario: Path, name: str) -> None:
    content, old, new, message = REFUSED[name]
    (scenario.parent / "fit.json").write_text(content)
    scenario.write_text(SCENARIO.replace(old, new, 1) if old else SCENARIO)
    with pytest.raises(ScenarioError) as caught:
        read_scenario(scenario)
    said = str(caught.value)
    for part in message.split("*"):
        assert part.strip() in said
    assert all(fault.line for fault in caught.value.faults)
