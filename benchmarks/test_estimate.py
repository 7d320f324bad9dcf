"""How long a fit takes on two cores: 19 coefficients, 7,240 cases (Leblang 2003); hidden types.

make bench
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from escalade.estimate import Table, bootstrap, fit, profile, read_table, simulate
from estimate import made
from measures import Say, peak_memory

DATA = Path(__file__).resolve().parents[2] / "shared/data/leblang2003.csv"
ATTACK = {
    "model": 1,
    "tree": {
        "market": {
            "hold": "no attack",
            "attack": {"government": {"devalue": "devaluation", "defend": "defense"}},
        }
    },
    "utilities": {
        "market": {
            "no attack": [
                "capcont", "lreserves", "overval", "creditgrow", "USinterest", "service",
                "contagion", "prioratt",
            ],
            "devaluation": [1],
            "defense": [1],
        },
        "government": {
            "defense": [
                1, "unifgov", "lexports", "preelec", "postelec", "rightgov", "realinterest",
                "capcont", "lreserves",
            ]
        },
    },
    "error": "private",
    "observed": "outcome",
}  # fmt: skip

TRUTH = {  # of `made.SIGNAL`
    "log odds(challenger.resolute)": -0.3,
    "log odds(challenger.resolute): ally": 1.0,
    "challenger(gain): constant": 1.2,
    "defender(war): ally": -0.6,
}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def cases() -> Table:
    """The cases, read once."""
    if not DATA.is_file():
        pytest.skip("needs ../shared")
    return read_table(DATA)


def test_a_fit_from_64_starts(benchmark: BenchmarkFixture, cases: Table, say: Say) -> None:
    found = benchmark.pedantic(fit, (ATTACK, cases), rounds=3, warmup_rounds=1)
    assert found.search.reached > 60
    assert benchmark.stats is not None
    say(f"{benchmark.stats['median']:.1f} s, {found.search.reached} of 64 starts reached the best")
    assert benchmark.stats["median"] <= 5.0


def test_a_fit_with_hidden_types(benchmark: BenchmarkFixture, say: Say) -> None:
    """Every case has covariates of its own, and so an equilibrium of its own."""
    ally = np.random.default_rng(1).normal(size=300)
    threats = simulate(made.SIGNAL, {"ally": ally}, TRUTH, seed=1)
    found = benchmark.pedantic(fit, (made.SIGNAL, threats), rounds=1, warmup_rounds=1)
    assert found.converged
    assert benchmark.stats is not None
    reached = f"{found.search.reached} of 64 starts reached the best"
    say(f"300 cases with hidden types: {benchmark.stats['median']:.1f} s, {reached}")


def test_a_thousand_replicates(benchmark: BenchmarkFixture, cases: Table, say: Say) -> None:
    found = fit(ATTACK, cases, starts=2)
    drawn = benchmark.pedantic(bootstrap, (found, 1000), rounds=1)
    assert drawn.failed < 10
    assert benchmark.stats is not None
    lost = f"{drawn.failed} without a maximum, {drawn.separated} separated"
    say(f"1,000 replicates in {benchmark.stats['median']:.0f} s, {lost}")
    assert benchmark.stats["median"] <= 60.0


def test_profiles_of_all_coefficients(benchmark: BenchmarkFixture, cases: Table, say: Say) -> None:
    found = fit(ATTACK, cases, starts=2)
    benchmark.pedantic(profile, (found,), rounds=1)
    assert benchmark.stats is not None
    say(f"{len(found.terms)} profiles in {benchmark.stats['median']:.1f} s")


def test_the_memory_of_a_fit(
    benchmark: BenchmarkFixture, cases: Table, tmp_path: Path, say: Say
) -> None:
    model = tmp_path / "attack.yaml"
    model.write_text(json.dumps(ATTACK))
    command = [sys.executable, "-m", "escalade", "estimate", str(model), str(DATA)]
    fitted = benchmark.pedantic(peak_memory, (command,), rounds=1)
    replicated = peak_memory([*command, "--starts", "2", "--bootstrap", "100"])
    say(f"{len(cases):,} cases: {fitted:.0f} MB, {replicated:.0f} MB with a bootstrap")
    assert max(fitted, replicated) < 500
