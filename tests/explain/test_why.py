"""What a forecast rests on: SALib as the oracle on a game, sentences, claims, deletions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample
from scipy.stats import rankdata

from crises import changed, crisis
from escalade.errors import EscaladeError
from escalade.explain.change import change_inputs
from escalade.explain.deletion import worlds_asked
from escalade.explain.ignorance import deletable, ignorance
from escalade.explain.subjects import margins, subjects
from escalade.explain.variants import canonical, distinct, open_plan, open_values, solve_variants
from escalade.explain.why import Why, deleted, why
from escalade.forecast.draws import Draws, quantile
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.plan import plan
from escalade.forecast.worlds import evaluate
from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.report.trail import Trail
from escalade.report.why import shares_chart
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Input, Scenario
from escalade.scenario.values import Distribution, Kind, parse_value
from escalade.solve import Solution, solve

ROOT = Path(__file__).resolve().parents[2]
CUBA = ROOT / "scenarios" / "cuba-1962" / "hawk.yaml"


def uncertain(folder: Path, **more: Any) -> Scenario:
    """The crisis with five uncertain numbers, which rest on three sentences."""
    actors = changed("actors", "us", "types", "tough", "share", to="0.2 to 0.7")["actors"]
    actors["us"]["types"]["tough"]["cite"] = "p1.s1"
    actors["us"]["precision"] = {"value": "5 to 20", "cite": "p1.s2"}
    actors["ru"]["precision"] = {"value": "5 to 20", "cite": "p1.s2"}
    moves = changed("moves", "threaten", "costs", "us", to="0.02 to 0.3")["moves"]
    moves["threaten"]["cite"] = "p1.s3"
    moves["attack"]["costs"] = {"us": "small"}
    return crisis(folder, **{"actors": actors, "moves": moves, **more})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    claims = {
        "order": {"holds": "P(win) > P(war)", "cite": "p1.s4"},
        "both": "P(win) > 0.1 and not P(war) > 0.5",
    }
    return forecast(uncertain(tmp_path_factory.mktemp("crisis"), claims=claims), draws=512)


@pytest.fixture(scope="module")
def found(base: Forecast) -> Why:
    return why(base)


def rows(found: Why, name: str, of: str = "inputs") -> dict[str, Any]:
    (each,) = [each for each in found.explained if each.subject.name == name]
    return {row.name: row for row in getattr(each, of)}


def test_shares_of_a_game_are_those_of_salib(base: Forecast) -> None:
    items = base.scenario.inputs
    uneven = [i for i, item in enumerate(items)
              if isinstance(item.value, Distribution) and item.value.family != "fixed"]  # fmt: skip
    problem: dict[str, Any] = {"num_vars": len(uneven), "names": [items[i].name for i in uneven],
                               "bounds": [[1e-6, 1 - 1e-6]] * len(uneven)}  # fmt: skip
    points = salib_sample.sample(problem, 512, calc_second_order=True, seed=1)
    values = [np.full(len(points), value[0]) for value in base.inputs.values]
    for column, i in enumerate(uneven):
        value = items[i].value
        assert isinstance(value, Distribution)
        values[i] = quantile(value, points[:, column])
    worlds = evaluate(base.plan, Draws(tuple(values), 0))
    found = why(base, pairs=256, deletions=False)
    for subject in list(subjects(base))[:3]:
        y = subject.explained(base, worlds)
        oracle = salib_analyze.analyze(problem, y, calc_second_order=True, seed=1)
        pairs = np.nan_to_num(oracle["S2"])
        by_salib = oracle["S1"] + (pairs + pairs.T).sum(axis=1) / 2
        by_salib /= by_salib.sum()
        mine = rows(found, subject.name)
        assert set(mine) == set(problem["names"])
        for name, known in zip(problem["names"], by_salib, strict=True):
            assert mine[name].share == pytest.approx(known, abs=0.07), (subject.name, name)


def test_shares_sum_to_one_over_inputs_and_over_sentences(found: Why) -> None:
    for each in found.explained:
        assert sum(row.share for row in each.inputs) == pytest.approx(1)
        assert sum(row.share for row in each.sentences) == pytest.approx(1)
        for row in (*each.inputs, *each.sentences):
            assert row.low <= row.share + 0.02
            assert row.share - 0.02 <= row.high


def test_a_sentence_has_the_shares_of_what_rests_on_it(found: Why) -> None:
    inputs, sentences = rows(found, "war"), rows(found, "war", "sentences")
    both = inputs["actors.us.precision"].share + inputs["actors.ru.precision"].share
    assert sentences["p1.s2"].share == pytest.approx(both)
    assert sentences["assumptions"].share == pytest.approx(inputs["moves.attack.costs.us"].share)
    assert set(sentences) == {"p1.s1", "p1.s2", "p1.s3", "assumptions"}


def test_an_input_that_cites_two_sentences_counts_half_for_each(tmp_path: Path) -> None:
    scenario = uncertain(tmp_path)
    inputs = tuple(
        replace(item, cite=("p1.s8", "p1.s9")) if item.name == "actors.us.precision" else item
        for item in scenario.inputs
    )
    found = why(forecast(replace(scenario, inputs=inputs), draws=64), deletions=False)
    of, by = rows(found, "war"), rows(found, "war", "sentences")
    for sentence in ("p1.s8", "p1.s9"):
        assert by[sentence].share == pytest.approx(of["actors.us.precision"].share / 2)


def test_words_of_one_author_are_an_input_of_their_own(tmp_path: Path) -> None:
    actors = changed("actors", "us", "types", "tough", "share", to="unlikely")["actors"]
    beliefs = [{"by": "ru", "about": "us.tough", "is": "very unlikely"}]
    base = forecast(crisis(tmp_path, actors=actors, beliefs=beliefs), draws=128)
    found = why(base, deletions=False)
    (words,) = [one for one in found.uncertain if one.group]
    assert words.name == "words.low"
    assert words.written == "unlikely, very unlikely"
    assert rows(found, "war")["words.low"].share > 0.02
    assert "words" in rows(found, "war", "sentences")
    drawn = shares_chart(found, Trail(base.scenario))
    assert "words such as unlikely" in [text.text for text in drawn.texts]


def test_what_no_forecast_reads_has_no_share(tmp_path: Path) -> None:
    outcomes = changed("outcomes", "war", "said", to="unlikely")["outcomes"]
    found = why(forecast(uncertain(tmp_path, outcomes=outcomes), draws=64), deletions=False)
    assert not [one for one in found.uncertain if one.name.endswith("said")]


def test_shares_do_not_depend_on_the_order_of_draws(base: Forecast) -> None:
    order = np.random.default_rng(3).permutation(base.draws)
    inputs = replace(base.inputs, values=tuple(v[..., order] for v in base.inputs.values))
    worlds = replace(
        base.worlds, weight=base.worlds.weight[order],
        outcomes=tuple(o[..., order] for o in base.worlds.outcomes),
        terms=tuple(t[..., order] for t in base.worlds.terms),
    )  # fmt: skip
    shuffled = replace(base, inputs=inputs, worlds=worlds)
    assert np.array_equal(order[canonical(shuffled)], canonical(base))
    one, other = (why(b, pairs=32, deletions=False) for b in (base, shuffled))
    assert [e.inputs for e in one.explained] == [e.inputs for e in other.explained]
    assert [e.sentences for e in one.explained] == [e.sentences for e in other.explained]


@pytest.mark.slow
def test_the_order_of_inputs_is_stable_across_seeds_on_cuba() -> None:
    """Spearman's correlation over all inputs that a forecast reads, at default draws."""
    scenario = read_scenario(CUBA)
    shares: dict[str, list[list[float]]] = {"trade": [], "withdrawal": [], "war": []}
    for seed in range(3):
        found = why(forecast(scenario, seed=seed), deletions=False)
        for name, each in shares.items():
            mine = rows(found, name)
            each.append([mine[one.name].share for one in found.uncertain])
    stable = [
        np.corrcoef(rankdata(each[a]), rankdata(each[b]))[0, 1]
        for each in shares.values()
        for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    assert np.mean(stable) > 0.95


def test_few_worlds_are_said_to_be_few_and_too_few_are_refused(tmp_path: Path) -> None:
    scenario = uncertain(tmp_path)
    few = why(forecast(scenario, draws=32), deletions=False)
    assert few.pairs == 16
    assert "16 pairs of worlds are few" in few.warnings[-1]
    none = why(forecast(scenario, draws=8))
    assert none.pairs == 0
    assert np.isnan(rows(none, "war")["actors.us.precision"].share)
    assert "too few model worlds" in none.warnings[-1]


def test_a_certain_scenario_has_nothing_to_share(tmp_path: Path) -> None:
    found = why(forecast(crisis(tmp_path), draws=32))
    assert found.uncertain == ()
    assert all(each.inputs == each.sentences == () for each in found.explained)


def test_wrong_arguments_are_named(base: Forecast) -> None:
    with pytest.raises(ValueError, match="pairs is 0; it must be at least 1"):
        why(base, pairs=0)
    with pytest.raises(EscaladeError, match="no outcome or claim `wr`\n    Did you mean `war`"):
        why(base, outcome="wr")
    assert [e.subject.name for e in why(base, outcome="war", pairs=8).explained] == ["war"]


# Claims


def test_the_margin_of_a_claim_is_positive_where_it_holds(base: Forecast) -> None:
    for index, claim in enumerate(base.scenario.claims):
        terms = base.worlds.terms[index]
        (subject,) = [s for s in subjects(base) if s.name == claim.id]
        holds = subject.probabilities(base, base.worlds) == 1
        assert np.array_equal(margins(claim, terms) > 0, holds)
        assert 0 < holds.mean() < 1


def test_the_margin_is_the_smallest_gap(base: Forecast) -> None:
    order, both = base.scenario.claims
    terms = np.array([[0.5, np.nan], [0.2, 0.1]])
    assert margins(order, terms)[0] == pytest.approx(0.3)
    assert np.isnan(margins(order, terms)[1])
    assert margins(both, terms)[0] == pytest.approx(0.3)  # 0.5 - 0.1 and 0.5 - 0.2


# Ignorance and deletion


@pytest.mark.parametrize(
    ("kind", "text", "name", "low", "high"),
    [
        ("probability", "unlikely", "x", 0.05, 0.95),
        ("utility", "0.4", "x", 0.05, 0.95),
        ("cost", "small", "costs.0.size", 0.002, 2.0),
        ("cost", "20 to 80", "quantities.q", 4.0, 400.0),
        ("precision", "erratic", "x", 2.0, 70.0),
        ("weight", "rare", "x", 0.1, 10.0),
        ("real", "3", "quantities.q", 0.3, 30.0),
        ("real", "-2", "quantities.q", -20.0, 20.0),
    ],
)
def test_ignorance_is_as_wide_as_documented(
    kind: Kind, text: str, name: str, low: float, high: float
) -> None:
    unknown = ignorance(Input(name, parse_value(text, kind), kind, unit="people"))
    assert isinstance(unknown, Distribution)
    ends = quantile(unknown, np.array([0.05, 0.95]))
    assert ends == pytest.approx(np.array([low, high]), rel=0.01)


def test_a_deletion_is_what_a_file_with_ignorance_would_say(base: Forecast) -> None:
    found = deleted(base, ["p1.s2"])
    which = deletable(base.scenario, "p1.s2")
    open_ = change_inputs(base.scenario, {i: ignorance(base.scenario.inputs[i]) for i in which})
    direct = forecast(open_, draws=512, seed=7)
    for row, other in zip(found.moved, direct.outcomes, strict=False):
        assert row.after == pytest.approx(other.probability, abs=0.03)
    assert found.inputs == ("actors.us.precision", "actors.ru.precision")


def test_two_sentences_are_deleted_together(base: Forecast) -> None:
    found = deleted(base, ["p1.s1", "p1.s3"], outcome="war")
    assert found.inputs == ("actors.us.types.tough.share", "moves.threaten.costs.us")
    assert [row.name for row in found.moved] == ["war"]


def test_without_evidence_nothing_but_its_ratio_changes(tmp_path: Path) -> None:
    evidence = {"seen": {"date": "2020-01-01", "source": "s", "credibility": 1,
                         "says": "us.tough", "cite": "p2.s1"}}  # fmt: skip
    sources = {"s": {"reliability": "A"}}
    base = forecast(uncertain(tmp_path, evidence=evidence, sources=sources), draws=256)
    (row, *_) = deleted(base, ["p2.s1"], outcome="war").moved
    plain = forecast(uncertain(tmp_path), draws=256)
    known = next(o.probability for o in plain.outcomes if o.outcome == "war")
    assert abs(row.after - known) < 0.01 < abs(row.before - known)


def test_errors_of_deletions_cover_what_all_worlds_say(base: Forecast, found: Why) -> None:
    for deletion in found.deletions:
        exact = {row.name: row.after for row in deleted(base, deletion.sentences).moved}
        for row in deletion.moved:
            assert abs(row.after - exact[row.name]) < 4 * row.error + 1e-9


def test_sentences_without_numbers_hold_up_the_structure(base: Forecast, found: Why) -> None:
    by = {row.sentence: row for row in found.sentences}
    assert "p1.s4" not in by  # a claim is checked against the forecast, which does not rest on it
    assert by["p1.s3"].structure == ()
    for sentence, message in (
        ("p1.s4", "no forecast rests on p1.s4"),
        ("p9.s9", "nothing rests on `p9.s9`\n    Sentences that numbers rest on are p1.s1, "),
    ):
        with pytest.raises(EscaladeError, match=message):
            deleted(base, [sentence])
    with pytest.raises(EscaladeError, match=r"p2\.s1 holds up the structure: moves\.quarantine"):
        deleted(forecast(read_scenario(CUBA), draws=8), ["p2.s1"])


def test_worlds_asked_are_spread_over_all(base: Forecast) -> None:
    chosen = worlds_asked(base, 64)
    assert len(set(chosen)) == 64
    place = np.argsort(canonical(base))[chosen]
    assert np.array_equal(place, np.arange(64) * 8)


# Variants


def test_an_open_plan_gives_the_same_worlds() -> None:
    base = forecast(read_scenario(CUBA), draws=32)
    values = open_values(base.scenario, base.inputs.values)
    again = solve_variants(open_plan(base.scenario), values, solver=solve)
    assert np.array_equal(again.outcomes[0], base.worlds.outcomes[0])
    assert np.array_equal(again.weight, base.worlds.weight)


def test_equal_draws_are_solved_once(base: Forecast) -> None:
    solved: list[int] = []

    def counting(game: Game, tables: Tables, *, starts: int = 0) -> Solution:
        solved.append(tables.n_draws)
        return solve(game, tables, starts=starts)

    values: list[NDArray[np.float64]] = [np.tile(v[..., :4], 3) for v in base.inputs.values]
    worlds = evaluate(plan(base.scenario), Draws(tuple(values), 0), solver=distinct(counting))
    assert solved == [4]
    assert np.array_equal(worlds.outcomes[0], np.tile(base.worlds.outcomes[0][:, :4], 3))


def test_variants_are_solved_in_one_go(base: Forecast) -> None:
    draws = list[int]()

    def spy(game: Game, tables: Tables, *, starts: int = 0) -> Solution:
        draws.append(tables.n_draws)
        return solve(game, tables, starts=starts)

    found = why(base, solver=spy)
    assert len(draws) == 2  # the worlds between pairs, and those without each sentence
    assert draws[0] > 512
    assert draws[1] <= found.worlds * len(found.deletions)
