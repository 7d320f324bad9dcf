"""Fitting: what is found, what is said about it, and what is refused before any search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from escalade.errors import EstimateError, ScenarioError
from escalade.estimate import Table, fit, read_table
from estimate import made

Columns = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def cases() -> Table:
    """Cases of known coefficients."""
    return made.cases(made.DETERRENCE, made.TRUTH, 2000, 7)


def test_known_coefficients_are_found(cases: Table) -> None:
    found = fit(made.DETERRENCE, cases)
    assert found.converged
    assert found.search.reached > 50
    assert found.warnings == ()
    assert (np.abs(found.theta - made.TRUTH) < 3 * found.se).all()
    assert (found.se < 0.3).all()
    assert (found.eigenvalues > 0).all()


def test_the_answer_does_not_depend_on_threads(cases: Table) -> None:
    one, two = (fit(made.DETERRENCE, cases, starts=8, threads=n) for n in (1, 2))
    assert one.theta.tobytes() == two.theta.tobytes()
    assert one.search.values.tobytes() == two.search.values.tobytes()


def test_a_formula_with_named_coefficients_is_the_same_as_regressors(cases: Table) -> None:
    formula = {
        "attacker": {"status quo": "a + b * trade", "war": "c * balance"},
        "defender": {"war": "d + e * ally"},
    }
    spec = made.DETERRENCE | {"utilities": formula, "coefficients": ["a", "b", "c", "d", "e"]}
    one, other = fit(spec, cases, starts=4), fit(made.DETERRENCE, cases, starts=4)
    assert one.terms == ("a", "b", "c", "d", "e")
    assert one.loglik == pytest.approx(other.loglik, abs=1e-8)
    assert one.theta == pytest.approx(other.theta, abs=1e-5)
    assert one.se == pytest.approx(other.se, rel=1e-4)


@pytest.mark.parametrize("unit", [1e-6, 1e6, 1e12])
def test_units_of_a_column_do_not_matter(cases: Table, unit: float) -> None:
    """Money in single coins, people one by one: only the coefficient is in other units."""
    one = fit(made.DETERRENCE, cases, starts=4)
    coins = Table(dict(cases.columns) | {"trade": cases.columns["trade"] * unit})
    other = fit(made.DETERRENCE, coins, starts=4)
    scale = np.array([1.0, unit, 1.0, 1.0, 1.0])
    assert other.loglik == pytest.approx(one.loglik, abs=1e-8)
    assert other.theta * scale == pytest.approx(one.theta, rel=1e-5)
    assert other.se * scale == pytest.approx(one.se, rel=1e-6)


def test_separation_is_named_and_a_penalty_helps() -> None:
    table = made.cases(made.DETERRENCE, made.TRUTH, 300, 3)
    resisted = np.where(table.columns["end"] == "gain", 0.0, table.columns["ally"])
    split = Table(table.columns | {"ally": resisted})
    found = fit(made.DETERRENCE, split, starts=8)
    assert [found.terms[i] for i in found.separated] == ["defender(war): ally"]
    assert np.isnan(found.se[4])
    assert (found.status, found.converged) == ("separated", False)
    assert "separation: defender(war): ally" in found.warnings[0]
    assert "penalty" in found.warnings[0]
    for kind in ("log-F", "cauchy", "normal"):
        penalised = fit(made.DETERRENCE, split, starts=8, penalty=kind)
        assert penalised.status == "maximum"
        assert np.isfinite(penalised.se).all()
        assert 0 < penalised.theta[4] < 20


def test_cases_that_count_for_nothing_do_not_hide_separation() -> None:
    table = made.cases(made.DETERRENCE, made.TRUTH, 300, 3)
    gained = table.columns["end"] == "gain"
    told = np.where(gained, 0.0, table.columns["ally"])
    told[np.flatnonzero(gained)[:3]] = 1.0
    weight = np.where(gained & (told > 0), 0.0, 1.0)
    split = Table(table.columns | {"ally": told, "n": weight})
    found = fit(made.DETERRENCE | {"weight": "n"}, split, starts=4)
    assert [found.terms[i] for i in found.separated] == ["defender(war): ally"]


def test_moves_told_apart_do_not_separate_where_others_foresaw_none_of_it() -> None:
    """Allies always fought, but those who attacked them cannot have been sure of it."""
    utilities = {"attacker": {"war": -1.5, "gain": 1}, "defender": {"war": ["ally"]}}
    ends = ["status quo"] * 10 + ["war"] * 12 + ["status quo"] * 10 + ["gain"] * 10
    table = Table({"end": np.array(ends), "ally": np.array([1.0] * 22 + [0.0] * 20)})
    found = fit(made.DETERRENCE | {"utilities": utilities, "error": "logit"}, table, starts=8)
    assert (found.status, found.separated, found.warnings) == ("maximum", (), ())

    def loglik(fights: float) -> float:
        attacks = 1.0 / (1.0 + np.exp(1.5 * fights - (1.0 - fights)))
        return float(12 * np.log(fights * attacks) + 10 * np.log(1.0 - attacks))

    q = np.linspace(0.5, 1.0, 100_001)
    best = q[np.argmax([loglik(x) for x in q])]
    assert found.theta == pytest.approx([np.log(best / (1.0 - best))], abs=1e-3)
    assert found.se[0] < 5


def test_what_runs_off_with_a_separation_has_no_standard_error() -> None:
    """Ends as covariates: not only their own coefficients have no finite estimate."""
    table = made.cases(made.DETERRENCE, made.TRUTH, 300, 3)
    told = Table(table.columns | {"told": table.columns["end"]})
    utilities = {"attacker": {"status quo": [1, "told"], "war": ["balance"]},
                 "defender": {"war": [1, "ally"]}}  # fmt: skip
    found = fit(made.DETERRENCE | {"utilities": utilities}, told, starts=4)
    assert not np.isfinite(found.se[:4]).any()
    assert "attacker(status quo): told=status quo" in found.warnings[0]


def test_a_wide_penalty_is_none(cases: Table) -> None:
    wide = fit(made.DETERRENCE, cases, starts=4, penalty="normal", width=1e4)
    assert wide.theta == pytest.approx(fit(made.DETERRENCE, cases, starts=4).theta, abs=1e-4)


def test_clusters_of_one_are_robust_errors_and_copies_do_not_sharpen(cases: Table) -> None:
    twice = cases.take(np.repeat(np.arange(len(cases)), 2))
    same = Table(twice.columns | {"group": np.repeat(np.arange(len(cases)), 2).astype(float)})
    plain = fit(made.DETERRENCE, same, starts=2)
    clustered = fit(made.DETERRENCE | {"cluster": "group"}, same, starts=2)
    single = fit(made.DETERRENCE, cases, starts=2)
    assert plain.se * 2**0.5 == pytest.approx(single.se, rel=1e-4)
    assert clustered.se == pytest.approx(single.se, rel=0.1)


def test_a_weak_direction_is_put_in_words(cases: Table) -> None:
    noise = np.random.default_rng(0).normal(size=len(cases)) * 0.01
    columns = cases.columns | {"twin": cases.columns["trade"] + noise}
    utilities = made.DETERRENCE["utilities"] | {
        "attacker": {"status quo": [1, "trade", "twin"], "war": ["balance"]}
    }
    found = fit(made.DETERRENCE | {"utilities": utilities}, Table(columns), starts=4)
    (warning,) = [w for w in found.warnings if w.startswith("weakly identified")]
    assert "attacker(status quo): trade by" in warning
    assert "attacker(status quo): twin by" in warning


def _add(name: str, make: Callable[[Columns], Any]) -> Callable[[Columns], Columns]:
    return lambda columns: columns | {name: make(columns)}


def _with(actor: str, **ends: Any) -> dict[str, Any]:
    utilities = {a: dict(u) for a, u in made.DETERRENCE["utilities"].items()}
    utilities[actor] |= {end.replace("_", " "): value for end, value in ends.items()}
    return {"utilities": utilities}


REFUSED: dict[str, tuple[dict[str, Any], Callable[[Columns], Columns], str]] = {
    "a missing column": (
        _with("defender", war=[1, "alley"]), dict,
        r"the data has no column `alley`\n.*Did you mean `ally`\?",
    ),
    "a missing value": (
        {}, _add("trade", lambda c: np.where(np.arange(len(c["ally"])) == 3, np.nan, c["trade"])),
        r"column 'trade' in 1 rows \(first in row 4\)",
    ),
    "a constant in all utilities": (
        _with("attacker", gain=[1], war=[1, "balance"]), dict,
        r"'constant' stands in all of an actor's utilities \(attacker\(status quo\): constant, ",
    ),
    "a covariate in all utilities": (
        _with("defender", gain=["ally"]), dict, "'ally' stands in all of an actor's utilities",
    ),
    "collinear covariates": (
        _with("attacker", status_quo=[1, "trade", "copy"]), _add("copy", lambda c: 2 * c["trade"]),
        r"in attacker\(status quo\) the columns trade, copy are perfectly collinear",
    ),
    "a column of zeros": (
        _with("attacker", war=["nothing"]), _add("nothing", lambda c: 0 * c["trade"]),
        r"attacker\(war\): nothing is 0 in every case; leave it out$",
    ),
    "one word in all cases": (
        _with("attacker", war=["name"]), _add("name", lambda c: np.full(len(c["ally"]), "x")),
        "column `name` is 'x' in every case",
    ),
    "numbers that are too large": (
        {}, _add("trade", lambda c: np.where(np.arange(len(c["ally"])) == 3, 1e200, c["trade"])),
        r"`trade` is as large as 1e\+200 in row 4",
    ),
    "nothing seen": (
        {}, _add("end", lambda c: np.full(len(c["ally"]), "")),
        "no case shows how it ended: see column 'end'",
    ),
    "several values a case": (
        {}, _add("trade", lambda c: np.array([c["trade"], c["trade"]]).T),
        r"column 'trade': one value a case, not \(2000, 2\)",
    ),
    "a scale beside free utilities": (
        {"scale": "estimated"}, dict, "the scale and the utilities .* can be traded",
    ),
    "text in arithmetic": (
        _with("attacker", war=["name * 2"]),
        _add("name", lambda c: np.array(["x"] * len(c["ally"]), dtype=str)),
        "column `name` holds text",
    ),
    "an end beyond an actor": (
        _with("defender", status_quo=[1]), dict,
        "`defender` has no move that could still lead to `status quo`",
    ),
    "an unknown actor": (
        {"utilities": {"attaker": {"war": [1]}}}, dict, "Did you mean `attacker`?",
    ),
    "a faulty expression": (
        _with("attacker", war=["balance *"]), dict, "expected a name or a number",
    ),
    "a slip in a column of numbers": (
        {}, _add("trade", lambda c: np.where(np.arange(len(c["ally"])) == 3, "1o", "10")),
        "column `trade` holds numbers, but '1o' in row 4",
    ),
    "a name for each case": (
        _with("defender", war=["name"]),
        _add("name", lambda c: np.array([f"x{i}" for i in range(len(c["ally"]))])),
        "column `name` has 2000 values in 2000 cases",
    ),
    "text in a condition": (
        {"where": "end > 0"}, dict, "column `end` holds text, not numbers",
    ),
    "a condition that is never true": (
        {"where": "trade > 100"}, dict, "no case fulfils `where: trade > 100`",
    ),
    "a missing value in a condition": (
        {"where": "year > 1850"},
        _add("year", lambda c: np.where(np.arange(len(c["ally"])) == 3, np.nan, 1900.0)),
        r"column 'year' in 1 rows \(first in row 4\)",
    ),
    "a formula that has no meaning": (
        _with("defender", war="made(ally) * b") | {"coefficients": ["b"]}, dict, "no meaning",
    ),
    "a formula that divides by zero": (
        _with("defender", war="b / ally") | {"coefficients": ["b"]}, dict,
        "`b / ally` divides by zero in row",
    ),
    "a negative weight": (
        {"weight": "n"}, _add("n", lambda c: np.where(np.arange(len(c["ally"])) == 3, -1.0, 1.0)),
        "column 'n', row 4: a weight of -1",
    ),
    "no weight at all": (
        {"weight": "n"}, _add("n", lambda c: 0 * c["ally"]), "column 'n': all weights are 0",
    ),
    "a weight in words": (
        {"weight": "n"}, _add("n", lambda c: np.array(["many"] * len(c["ally"]))),
        "column 'n', row 1: 'many' is no weight",
    ),
    "one cluster": (
        {"cluster": "n"}, _add("n", lambda c: 0 * c["ally"]), "column 'n' has one group",
    ),
    "a scale of nothing": ({"scale": 0}, dict, "the scale 0 is not above 0"),
    "an unknown key": ({"eror": "logit"}, dict, "Did you mean `error`?"),
    "a turn without moves": (
        {"tree": {"attacker": {"wait": "status quo"}}}, dict, "has fewer than two moves",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_named_before_any_search(
    cases: Table, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(*_: Any, **__: Any) -> None:
        pytest.fail("searched")

    monkeypatch.setattr("escalade.estimate.fitting.maximise", search)
    change, spoil, message = REFUSED[name]
    with pytest.raises((EstimateError, ScenarioError), match=message):
        fit(made.DETERRENCE | change, spoil(dict(cases.columns)))


def test_missing_values_may_be_dropped(cases: Table) -> None:
    columns = dict(cases.columns)
    columns["trade"] = np.where(np.arange(len(cases)) < 5, np.nan, columns["trade"])
    found = fit(made.DETERRENCE | {"missing": "drop"}, Table(columns), starts=2)
    assert (found.design.n_cases, found.design.dropped) == (1995, 5)


WRONG_TABLES = {"twice.csv": "a,a\n1,2\n", "short.csv": "a,b\n1\n", "none.csv": "a\n"}


def test_rows_are_counted_as_they_were_read(cases: Table) -> None:
    end = np.where(np.arange(len(cases)) == 7, "peace", cases.columns["end"])
    change = made.DETERRENCE | {"where": "number > 2"}
    columns = dict(cases.columns) | {"end": end, "number": np.arange(len(cases)) + 0.0}
    with pytest.raises(EstimateError, match="column 'end', row 8: 'peace' is no end of the tree"):
        fit(change, Table(columns))


def test_a_table_is_read_from_files_and_frames(tmp_path: Any) -> None:
    path = tmp_path / "cases.csv"
    path.write_text('"end", x\n"a",1\n"b",NA\n')
    table = read_table(path)
    assert table.columns["end"].tolist() == ["a", "b"]
    assert table.missing("x").tolist() == [False, True]
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    parquet = tmp_path / "cases.parquet"
    pyarrow.parquet.write_table(pa.table({"end": ["a", None], "x": [1, 2]}), parquet)
    assert read_table(parquet).columns["end"].tolist() == ["a", ""]
    pyarrow.parquet.write_table(pa.table({"end": ["a", "b"], "x": [[1, 2], None]}), parquet)
    assert read_table(parquet).columns["x"].tolist() == ["[1, 2]", ""]
    with pytest.raises(FileNotFoundError) as fault:
        read_table(tmp_path / "none.parquet")
    assert fault.value.strerror
    for name, text in WRONG_TABLES.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(EstimateError, match=name):
            read_table(tmp_path / name)
    with pytest.raises(EstimateError, match=r"must end in \.csv or \.parquet"):
        read_table("cases.xls")
