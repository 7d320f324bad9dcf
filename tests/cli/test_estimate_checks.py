"""What `escalade estimate` answers besides its table."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from escalade.cli import app
from escalade.estimate import (
    bootstrap,
    clarke,
    cross_validate,
    first_difference,
    fit,
    predict,
    profile,
    vuong,
)
from escalade.forecast.forecast import forecast
from escalade.scenario.read import read_scenario
from estimate import made

FAST = ["--starts", "4"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cases, a model, and the same model with other errors."""
    folder = tmp_path_factory.mktemp("past")
    table = made.cases(made.DETERRENCE, made.TRUTH, 300, 7)
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows(zip(*(c.tolist() for c in table.columns.values()), strict=True))
    (folder / "model.yaml").write_text(yaml.safe_dump(made.DETERRENCE, sort_keys=False))
    agent = made.DETERRENCE | {"error": "probit"}
    (folder / "agent.yaml").write_text(yaml.safe_dump(agent, sort_keys=False))
    return folder


def run(folder: Path, *options: str) -> Result:
    arguments = ["estimate", str(folder / "model.yaml"), str(folder / "cases.csv"), *FAST]
    return CliRunner().invoke(app, [*arguments, *options])


def answers(folder: Path, *options: str) -> dict[str, Any]:
    found = run(folder, *options, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_json_holds_what_was_asked_and_no_more(folder: Path) -> None:
    plain = answers(folder)
    wanted = {"loglik", "coefficients", "starts", "reached_best", "warnings"}
    assert wanted <= plain.keys()
    checks = {"profiles", "posterior", "bootstrap", "held_out", "predictions", "differences",
              "against"}  # fmt: skip
    assert not checks & plain.keys()
    found = answers(
        folder, "--given", "ally = 0", "--given", "ally = 1", "--folds", "3", "--bootstrap", "20",
        "--profile", "--laplace", "50", "--against", str(folder / "agent.yaml"),
    )  # fmt: skip
    assert checks <= found.keys()
    fitted = fit(folder / "model.yaml", folder / "cases.csv", starts=4)
    other = fit(folder / "agent.yaml", folder / "cases.csv", starts=4)
    for row, want in zip(found["predictions"], (0.0, 1.0), strict=True):
        expected = predict(fitted, {"ally": want})
        assert [o["value"] for o in row["outcomes"]] == pytest.approx(expected.value)
    (change,) = found["differences"]
    expected = first_difference(fitted, {"ally": 0.0}, {"ally": 1.0})
    assert change["given"] == "ally = 1, from ally = 0"
    assert [o["low"] for o in change["outcomes"]] == pytest.approx(expected.low)
    assert found["held_out"]["log"] == pytest.approx(cross_validate(fitted, folds=3).log)
    assert found["bootstrap"]["se"] == pytest.approx(bootstrap(fitted, 20).se)
    assert found["profiles"][0]["low"] == pytest.approx(profile(fitted)[0].low)
    assert found["against"]["Vuong"]["p"] == pytest.approx(vuong(fitted, other).p)
    assert found["against"]["Clarke"]["statistic"] == clarke(fitted, other).statistic
    assert len(found["posterior"]["draws"]) == 50


def test_a_terminal_shows_every_number_whole(folder: Path) -> None:
    found = run(folder, "--given", "ally = 0", "--folds", "3", "--bootstrap", "20", "--profile",
                "--penalty", "normal", "--sample", "2400")  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "…" not in found.output
    for head in ("Profiles", "Posterior: 4 chains of 600", "Bootstrap: 20", "held out, in 3 parts",
                 "Predicted probabilities: ally = 0"):  # fmt: skip
        assert head in found.output


def test_a_sample_becomes_a_prior(folder: Path) -> None:
    done = run(folder, "--penalty", "normal", "--sample", "2400", "--out", str(folder / "fit.json"),
               "--svg", str(folder / "fit.svg"), "--netcdf", str(folder / "fit.nc"))  # fmt: skip
    assert done.exit_code == 0, done.output
    assert (folder / "fit.svg").read_text().startswith("<svg")
    (folder / "s.yaml").write_text(
        "format: 1\ntitle: s\nassessment: {by: me, date: 2030-03-01}\n"
        'estimates: {past: {file: fit.json, terms: {stake: "attacker(war): balance"}}}\n'
        "actors: {a: {wants: war > peace, precision: 5 * past.stake}}\n"
        "moves: {go: {}, stay: {}}\nplay: [a: [go, stay]]\n"
        "outcomes: {war: {when: made(go)}, peace: {otherwise: true}}\n"
    )
    found = forecast(read_scenario(folder / "s.yaml"), draws=512)
    assert found.provenance["estimates"][0]["form"] == "sample"
    drawn = np.array(json.loads((folder / "fit.json").read_text())["posterior"]["draws"])
    # a logit choice between 1 and 0 at precision 5 times the coefficient
    expected = np.mean(1 / (1 + np.exp(-5 * drawn[:, 2])))
    war = next(row for row in found.outcomes if row.outcome == "war")
    assert war.probability == pytest.approx(expected, abs=1e-3)


REFUSED = {
    "no column": (["--given", "aly = 1"], "there is no column 'aly'. Did you mean"),
    "no value": (["--given", "ally"], "'ally' is no value of a column; write 'ally = 1'"),
    "a sample without a prior": (["--sample", "100"], "needs a prior"),
    "two kinds of draws": (["--sample", "10", "--laplace", "10"], "choose --sample or --laplace"),
    "draws without draws": (["--netcdf", "x.nc"], "--netcdf needs draws"),
    "too many parts": (["--folds", "301"], "301 parts are more than the 300 cases or groups"),
    "a chart over the data": (["--svg", "cases.csv"], "is what is read; choose another name"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    options, message = REFUSED[name]
    found = run(folder, *options)
    said = found.output + str(found.exception or "")
    assert found.exit_code != 0
    assert message in " ".join(said.split())
