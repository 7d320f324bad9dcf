"""Two assessments: what differs, how the gap is split, what would narrow it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crises import BET, CRISIS, changed, write
from escalade.errors import ScenarioError
from escalade.explain.compare import Comparison, compare
from escalade.explain.differences import MOST_ELEMENTS, differences
from escalade.explain.shapley import shares
from escalade.forecast.forecast import forecast
from escalade.scenario.read import read_scenario
from escalade.scenario.scenario import Scenario

RU = {"precision": "2 to 6", "wants": {"ranking": "lose > win > war"}}
THEIRS: dict[str, Any] = {
    **changed("actors", "us", "types", "tough", "share", to=0.7),
    **changed("moves", "threaten", "costs", to={"us": 0.3, "us.tough": 0.1}),
    "quantities": {"unused": "1 to 2"},
}
THEIRS["actors"]["ru"] = RU


def rivals(folder: Path, ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[Scenario, Scenario]:
    """The crisis with some keys changed, twice."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    a, b = write(folder / "a", **ours), write(folder / "b", **theirs)
    return read_scenario(a), read_scenario(b, like=a)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, Scenario]:
    return rivals(tmp_path_factory.mktemp("rivals"), {}, THEIRS)


@pytest.fixture(scope="module")
def found(pair: tuple[Scenario, Scenario]) -> Comparison:
    return compare(*pair, draws=64)


def split(found: Comparison) -> np.ndarray:
    """[difference, gap] The shares."""
    return np.array([row.shares for row in found.differences])


def gaps(found: Comparison) -> np.ndarray:
    return np.array([row.gap for row in found.gaps])


def test_an_assessment_does_not_differ_from_itself(pair: tuple[Scenario, Scenario]) -> None:
    found = compare(pair[0], pair[0], draws=16)
    assert found.differences == ()
    assert all((gap.gap, gap.error) == (0.0, 0.0) for gap in found.gaps)
    assert all(crux.gap == crux.after == crux.narrows == 0.0 for crux in found.cruxes)


def test_only_what_means_something_else_differs(pair: tuple[Scenario, Scenario]) -> None:
    names = {element.name: element for element in differences(*pair).elements}
    assert set(names) == {
        "actors.us.types.tough.share",
        "actors.ru.precision",
        "actors.ru.wants",
        "moves.threaten",
        "moves.threaten.costs.us",
    }
    assert (names["actors.ru.precision"].ours, names["actors.ru.precision"].theirs) == (
        "10.0", "2 to 6")  # fmt: skip


def test_the_order_and_the_words_of_a_file_are_no_difference(tmp_path: Path) -> None:
    words = changed("outcomes", "war", "resolved_by", to="somebody else")
    order = {key: dict(reversed(CRISIS[key].items())) for key in ("actors", "moves")}
    types = {"soft": {}, "tough": {"share": 0.4, "means": "hard"}}
    order["actors"]["us"] = {**order["actors"]["us"], "types": types}
    ours, theirs = rivals(tmp_path, {}, {**words, **order, "title": "Another"})
    assert [a.id for a in theirs.actors] == ["us", "ru"]
    assert differences(ours, theirs).elements == ()


def test_shares_sum_to_the_gap(found: Comparison) -> None:
    assert split(found).sum(axis=0) == pytest.approx(gaps(found), abs=1e-12)
    assert np.abs(gaps(found)).max() > 0.1


def test_the_first_file_is_forecast_as_ever_and_the_other_up_to_its_error(
    pair: tuple[Scenario, Scenario], found: Comparison
) -> None:
    for scenario, side in zip(pair, ("ours", "theirs"), strict=True):
        rows = {row.outcome: row for row in forecast(scenario, draws=64).outcomes}
        for gap in found.gaps:
            row = rows[gap.outcome]
            allowed = 1e-12 if side == "ours" else 4 * row.error + 1e-9
            assert getattr(gap, side) == pytest.approx(row.probability, abs=allowed)


def test_shares_of_some_orders_are_those_of_all_up_to_their_errors(
    pair: tuple[Scenario, Scenario],
) -> None:
    every, some = (
        {row.name: row for row in compare(*pair, draws=64, pairs=pairs).differences}
        for pairs in (60, 12)
    )
    assert len(every) == 5, "so that 60 pairs are all 120 orders"
    for name, row in some.items():
        apart = np.abs(np.subtract(row.shares, every[name].shares))
        assert (apart <= 3 * np.array(row.errors) + 1e-12).all()
        assert (apart <= 0.02).all()


def test_the_other_way_round_signs_turn(pair: tuple[Scenario, Scenario], found: Comparison) -> None:
    there = read_scenario(pair[1].path)
    back = compare(there, read_scenario(pair[0].path, like=there.path), draws=64)
    shares_ = {row.name: (row.shares, row.errors) for row in back.differences}
    assert gaps(back) == pytest.approx(-gaps(found), abs=0.03)
    for row in found.differences:
        theirs, errors = shares_[row.name]
        allowed = 4 * np.hypot(row.errors, errors) + 0.01
        assert (np.abs(np.add(row.shares, theirs)) <= allowed).all()


def test_mixtures_at_the_ends_are_the_files(pair: tuple[Scenario, Scenario]) -> None:
    both = differences(*pair)
    for taken, scenario in ((both.elements, pair[1]), ((), pair[0])):
        mixed, direct = (forecast(s, draws=8) for s in (both.mixed(taken), scenario))
        assert [o.outcome for o in mixed.outcomes] == [o.outcome for o in direct.outcomes]
        if not taken:
            assert [o.probability for o in mixed.outcomes] == [
                o.probability for o in direct.outcomes
            ]


def test_a_difference_that_cannot_matter_adds_nothing(tmp_path: Path) -> None:
    """A chance event after which nothing depends on anything, and a word beside an outcome."""

    def file(flood: str, said: str) -> dict[str, Any]:
        event = {"chance": {"flood": {"probability": flood}}}
        outcomes = {"go": {"finally": "gone", "said": said}, "stay": {"otherwise": True}}
        return {**BET, "play": [*BET["play"], event], "outcomes": outcomes}

    found = compare(*rivals(tmp_path, file("unlikely", "likely"), file("likely", "unlikely")),
                    draws=16)  # fmt: skip
    rows = {row.name: row for row in found.differences}
    assert set(rows) == {"play.1.chance.flood.probability", "outcomes.go.said"}
    assert rows["play.1.chance.flood.probability"].shares == pytest.approx([0, 0], abs=1e-12)
    assert rows["outcomes.go.said"].shares == (0.0, 0.0)
    assert not any(row.matters for row in found.differences)


def test_rules_and_events_are_known_by_what_they_say(tmp_path: Path) -> None:
    """A rule that another file puts before does not make the old one a different one."""
    old = {"to": "us", "of": ["lose"], "after": ["threaten"], "size": 0.2}
    new = {"to": "ru", "of": ["win"], "after": ["stand"], "size": 0.4}
    ours, theirs = rivals(tmp_path, {"costs": [old]}, {"costs": [new, {**old, "size": 0.3}]})
    names = {e.name: (e.ours, e.theirs) for e in differences(ours, theirs).elements}
    assert names["costs.0.size"] == ("0.2", "0.3")
    assert set(names) == {"costs.0.size", "costs"}


def test_other_types_are_one_difference_of_structure(tmp_path: Path) -> None:
    third = changed("actors", "us", "types", to={"tough": {"share": 0.4}, "soft": {}, "odd": {}})
    third["actors"]["us"]["wants"]["odd"] = {"ranking": "war > win > lose"}
    ours, theirs = rivals(tmp_path, {}, third)
    (element,) = differences(ours, theirs).elements
    assert element.name == "structure"
    found = compare(ours, theirs, draws=16)
    assert split(found)[0] == pytest.approx(gaps(found), abs=1e-12)


def test_another_play_is_one_difference(tmp_path: Path) -> None:
    play = CRISIS["play"][:2]
    ours, theirs = rivals(tmp_path, {}, {"play": play, **changed("actors", "ru", "precision",
                                                                 to=4.0)})  # fmt: skip
    assert {e.name for e in differences(ours, theirs).elements} == {"play", "actors.ru.precision"}
    found = compare(ours, theirs, draws=8)
    assert split(found).sum(axis=0) == pytest.approx(gaps(found), abs=1e-12)


def test_many_differences_are_exchanged_in_groups(tmp_path: Path) -> None:
    moves = {f"m{i}": {"costs": {"us": 0.1}} for i in range(MOST_ELEMENTS + 1)}
    more = {id: {"costs": {"us": 0.2}} for id in moves}
    play = [{"us": list(moves)}, *CRISIS["play"]]
    ours, theirs = ({"moves": {**CRISIS["moves"], **some}, "play": play} for some in (moves, more))
    (element,) = differences(*rivals(tmp_path, ours, theirs)).elements
    assert element.name == f"moves ({len(moves)})"
    assert len(element.inputs) == len(moves)


def test_an_outcome_that_only_one_divides_is_compared_as_a_whole(tmp_path: Path) -> None:
    parts = {"short": {"when": "made(threaten)"}, "long": {"otherwise": True}}
    outcomes = {**CRISIS["outcomes"], "war": {"when": "rung == fight", "includes": parts}}
    found = compare(*rivals(tmp_path, {}, {"outcomes": outcomes}), draws=8)
    assert [gap.outcome for gap in found.gaps] == ["war", "win", "lose"]
    assert gaps(found) == pytest.approx(np.zeros(3), abs=1e-12)


def test_outcomes_that_only_one_has_are_faults(tmp_path: Path) -> None:
    outcomes = {**{k: v for k, v in CRISIS["outcomes"].items() if k != "win"},
                "draw": {"finally": "made(yield)"}}  # fmt: skip
    wants = changed("actors", "us", "wants", to=None)
    wants["actors"]["ru"] = {"precision": 10.0}
    with pytest.raises(ScenarioError) as caught:
        compare(*rivals(tmp_path, {}, {**wants, "outcomes": outcomes}))
    messages = [fault.message for fault in caught.value.faults]
    assert len(messages) == 2
    assert "outcome 'win'" in messages[0]
    assert "outcome 'draw'" in messages[1]


def test_the_answer_that_tells_all_closes_the_gap(tmp_path: Path) -> None:
    """Both agree on what follows from the move, not on the move: to know it settles everything."""
    other = {**BET, "actors": {"us": {**BET["actors"]["us"], "precision": 0.5}}}
    found = compare(*rivals(tmp_path, BET, other), draws=4)
    leave = next(crux for crux in found.cruxes if crux.question == "leave")
    assert leave.gap == pytest.approx(np.abs(gaps(found)).sum() / 2)
    assert leave.gap > 0.01
    assert leave.after == pytest.approx(0.0, abs=1e-12)
    assert found.cruxes[0].narrows == leave.narrows
    assert (leave.ours, leave.theirs) == pytest.approx(
        (found.gaps[0].ours, found.gaps[0].theirs), abs=1e-12
    )


def test_a_type_revealed_leaves_the_gap_between_its_forecasts(tmp_path: Path) -> None:
    other = {**BET, "actors": {"us": {**BET["actors"]["us"],
                                      "types": {"bold": {"share": 0.8}, "meek": {}}}}}  # fmt: skip
    found = compare(*rivals(tmp_path, BET, other), draws=4)
    (bold,) = [crux for crux in found.cruxes if crux.kind == "type"]
    assert (bold.ours, bold.theirs) == pytest.approx((0.3, 0.8))
    assert bold.after == pytest.approx(0.0, abs=1e-12)


def test_moves_nobody_sees_are_not_asked_about(tmp_path: Path) -> None:
    hidden = changed("moves", "stand", to={"by": "ru", "seen_by": ["ru"], "looks_like": "wait"})
    found = compare(*rivals(tmp_path, {**hidden}, {**hidden, **changed(
        "actors", "ru", "precision", to=4.0)}), draws=4)  # fmt: skip
    assert "yield" in {crux.question for crux in found.cruxes}
    assert "stand" not in {crux.question for crux in found.cruxes}


def test_split_shares_are_shapley_values() -> None:
    """Against the average over all orders of a game with a product of three."""
    worth = np.array([1.0, -2.0, 0.5, 0.0])

    def value(some: frozenset[int]) -> np.ndarray:
        return np.array([sum(worth[i] for i in some) + 3.0 * ({0, 1, 2} <= some)])

    exact = np.zeros(4)
    for order in permutations(range(4)):
        for i, element in enumerate(order):
            before, after = frozenset(order[:i]), frozenset(order[: i + 1])
            exact[element] += (value(after) - value(before))[0] / 24
    all_, none = shares(value, 4, pairs=12, seed=0)
    assert all_[:, 0] == pytest.approx(exact)
    assert (none == 0).all()
    some, error = shares(value, 4, pairs=11, seed=0)
    assert some.sum() == pytest.approx(exact.sum())
    assert (np.abs(some[:, 0] - exact) <= 4 * error[:, 0] + 1e-12).all()
    assert some[3, 0] == 0.0


def test_a_history_that_leaves_few_worlds_is_told(tmp_path: Path) -> None:
    """Who leaves though it hardly pays is in one of the few worlds in which it nearly does."""
    wants = {"values": {"go": "0.05 to 0.5", "stay": 0.9}}
    few = {
        **BET,
        "actors": {"us": {"precision": 80.0, "wants": wants}},
        "play": [*BET["play"], {"us": ["remain"]}],
        "history": [{"date": "2020-02-01", "us": "leave"}],
    }
    (warning,) = compare(*rivals(tmp_path, few, few), draws=64).warnings
    assert warning.startswith("crisis: the history fits few model worlds")


def test_reports_of_unseen_moves_go_with_the_play_that_has_them(tmp_path: Path) -> None:
    """Where the play differs too, no mixture reports on a move that it lacks."""
    hidden = changed("moves", "stand", to={"by": "ru", "seen_by": ["ru"], "looks_like": "yield"})
    seen = {
        **hidden,
        "history": [{"date": "2020-02-01", "us": "threaten"},
                    {"date": "2020-02-02", "ru": "unknown"}],
        "sources": {"envoy": {"reliability": "B"}},
    }  # fmt: skip
    report = {"date": "2020-02-03", "source": "envoy", "credibility": 2, "says": "stand"}
    longer = [*CRISIS["play"], {"us": ["wait", "attack"], "when": "rung == alert"}]
    ours, theirs = rivals(tmp_path, seen, {**seen, "evidence": {"word": report}, "play": longer})
    (element,) = differences(ours, theirs).elements
    assert element.parts == {"evidence", "play"}
    found = compare(ours, theirs, draws=8)
    assert split(found).sum(axis=0) == pytest.approx(gaps(found), abs=1e-12)
