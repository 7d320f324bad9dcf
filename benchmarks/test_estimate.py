"""How long a fit takes: 19 coefficients, 7,240 cases (Leblang 2003), on two cores.

make bench
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from escalade.estimate import Table, bootstrap, fit, read_table

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

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def cases() -> Table:
    """The cases, read once."""
    if not DATA.is_file():
        pytest.skip("needs ../shared")
    return read_table(DATA)


def test_a_fit_from_64_starts(benchmark: BenchmarkFixture, cases: Table) -> None:
    found = benchmark.pedantic(fit, (ATTACK, cases), rounds=3, warmup_rounds=1)
    assert found.search.reached > 60
    assert benchmark.stats is not None
    assert benchmark.stats["median"] <= 5.0


def test_a_thousand_replicates(benchmark: BenchmarkFixture, cases: Table) -> None:
    found = fit(ATTACK, cases, starts=2)
    drawn = benchmark.pedantic(bootstrap, (found, 1000), rounds=1)
    assert drawn.failed < 10
    assert benchmark.stats is not None
    assert benchmark.stats["median"] <= 60.0
