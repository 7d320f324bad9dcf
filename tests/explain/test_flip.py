"""The smallest change that flips a claim, against closed forms and brute force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crises import BET, crisis
from escalade.errors import ScenarioError
from escalade.explain.flip import Flip, flip
from escalade.explain.margin import holds, margin, ways
from escalade.explain.nearest import shortest
from escalade.explain.shift import slopes, space
from escalade.forecast.draws import draw
from escalade.forecast.forecast import Forecast, forecast
from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.report.plain import to_json
from escalade.scenario.claims_syntax import bind_claim, parse_claim
from escalade.scenario.scenario import Scenario
from escalade.solve import Solution, solve

GO, STAY = "0.35 to 0.6", "0.4 to 0.75"


def bet(folder: Path, *, precision: Any = 6.0, claims: Any = None, **more: Any) -> Scenario:
    """One actor, one move: go with probability logit(precision · (go - stay))."""
    wants = {"values": {"go": GO, "stay": STAY}}
    actors = {"us": {"precision": precision, "wants": wants}}
    return crisis(folder, **{**BET, "actors": actors, "claims": claims or {}, **more})


def closed(found: Forecast, go: float, stay: float) -> float:
    """Mean probability of go when the two scores are shifted."""
    view = space(found.plan, 0, found.inputs, solver=solve)
    values = view.values([np.array([go, stay])], found.draws)
    return float(np.mean(1 / (1 + np.exp(-6.0 * (values[1] - values[2])))))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    return forecast(bet(tmp_path_factory.mktemp("bet")), draws=256)


def test_the_change_is_as_short_as_a_grid_finds(base: Forecast) -> None:
    found = flip(base, "P(go) > 0.45")
    grid = [
        float(np.hypot(go, stay))
        for go in np.arange(0, 2.01, 0.1)
        for stay in np.arange(-2, 0.01, 0.1)
        if closed(base, go, stay) > 0.45
    ]
    assert found.flips
    assert (found.before.holds, found.after.holds) == (False, True)
    assert found.distance == pytest.approx(min(grid), abs=0.1)
    signs = {m.name.rsplit(".", 1)[1]: np.sign(m.sd) for m in found.moves}
    assert signs == {"go": 1, "stay": -1}


def test_the_probability_after_the_change_is_that_of_the_closed_form(base: Forecast) -> None:
    found = flip(base, "P(go) > 0.45")
    moves = {m.name.rsplit(".", 1)[1]: m.sd for m in found.moves}
    after = closed(base, moves["go"], moves["stay"])
    assert found.after.terms[0].probability == pytest.approx(after, abs=1e-9)
    assert 0 < found.after.margin == pytest.approx(after - 0.45)
    assert found.after.margin < 0.01, "it ends at the boundary"


def test_an_input_alone_goes_as_far_as_bisection_says(base: Forecast) -> None:
    alone = {m.name.rsplit(".", 1)[1]: m for m in flip(base, "P(go) > 0.45").alone}
    low, high = 0.0, 3.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if closed(base, 0.0, -middle) > 0.45 else (middle, high)
    assert alone["stay"].sd == pytest.approx(-high, abs=0.1)
    (change,) = alone["stay"].changes
    assert change.before == pytest.approx(0.585, abs=0.01)
    assert change.after < change.before
    assert list(alone) == sorted(alone, key=lambda name: abs(alone[name].sd))


def test_where_nothing_within_reach_flips_it_the_nearest_is_told(base: Forecast) -> None:
    found = flip(base, "P(go) > 0.95")
    assert not found.flips
    assert not found.after.holds
    assert found.distance == pytest.approx(3.0, abs=0.01)
    assert found.before.margin < found.after.margin < 0
    best = max(closed(base, 3 * np.cos(a), -3 * np.sin(a)) for a in np.linspace(0, 1.57, 40))
    assert found.after.terms[0].probability == pytest.approx(best, abs=0.01)
    assert found.alone == ()


def test_less_reach_finds_less(base: Forecast) -> None:
    enough = flip(base, "P(go) > 0.45").distance
    assert not flip(base, "P(go) > 0.45", reach=0.8 * enough).flips
    with pytest.raises(ValueError, match="reach is 0"):
        flip(base, "P(go) > 0.45", reach=0)


def test_a_true_claim_becomes_false(base: Forecast) -> None:
    found = flip(base, "P(stay) > P(go)")
    assert found.flips
    assert (found.before.holds, found.after.holds) == (True, False)
    assert found.before.share > found.after.share


def test_the_same_question_has_the_same_answer(base: Forecast) -> None:
    assert to_json(flip(base, "P(go) > 0.45")) == to_json(flip(base, "P(go) > 0.45"))


def test_plain_numbers_cannot_move(base: Forecast) -> None:
    found = flip(base, "P(go) > 0.45")
    assert found.fixed == ("actors.us.precision",)
    assert all(m.name != "actors.us.precision" for m in found.moves)


def test_where_all_is_fixed_nothing_moves(tmp_path: Path) -> None:
    found = flip(forecast(crisis(tmp_path, **BET), draws=4), "P(go) > 0.9")
    assert (found.flips, found.moves, found.alone, found.distance) == (False, (), (), 0.0)


def test_gaps_of_rankings_and_shared_words_move(tmp_path: Path) -> None:
    """With a word for the probability of an event, its group can move as well as the word."""
    play = [{"chance": {"flood": {"probability": "unlikely", "sets": {"gone": True}}}}]
    scenario = crisis(tmp_path, **{**BET, "play": play})
    found = flip(forecast(scenario, draws=256), "P(go) > 0.35")
    assert found.flips
    assert {m.name for m in found.moves} == {"words.low", "play.0.chance.flood.probability"}
    own, shared = (m.sd for m in sorted(found.moves, key=lambda m: -m.sd))
    assert own / shared == pytest.approx(np.sqrt(0.7 / 0.3), rel=0.15)


def test_what_the_author_said_of_an_outcome_moves_nothing(tmp_path: Path) -> None:
    said = {"go": {"finally": "gone", "said": "unlikely"}, "stay": {"otherwise": True}}
    base = forecast(bet(tmp_path, outcomes=said), draws=64)
    found = flip(base, "P(go) > 0.45")
    assert {m.name.rsplit(".", 1)[1] for m in (*found.moves, *found.alone)} == {"go", "stay"}


def test_a_claim_of_the_file_is_asked_by_name(tmp_path: Path) -> None:
    base = forecast(bet(tmp_path, claims={"bold": "P(go) > 0.45"}), draws=64)
    by_name, by_text = flip(base, "bold"), flip(base, "P(leave) > 0.45")
    assert (by_name.claim, by_text.claim) == ("bold", "asked")
    assert by_name.distance == pytest.approx(by_text.distance)


@pytest.mark.parametrize(
    ("text", "message"),
    [("P(gone_away) > 0.5", "no outcome, move or type"), ("bald", "is no number"),
     ("P(go | leave and remain) > 0.5", "never determined")],
)  # fmt: skip
def test_a_claim_that_means_nothing_is_a_fault(base: Forecast, text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        flip(base, text)


def test_the_other_worlds_agree(base: Forecast) -> None:
    """Solved by hand in the worlds of the other seed, the change flips the claim too."""
    found: Flip = flip(base, "P(go) > 0.45")
    other = forecast(base.scenario, draws=256, seed=found.seeds[1])
    moves = {m.name.rsplit(".", 1)[1]: m.sd for m in found.moves}
    assert closed(other, moves["go"], moves["stay"]) > 0.45


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [("P(a) > P(b) > 0.2", 1, 2), ("P(a) > 0.5 and P(b) > 0.2", 1, 2),
     ("P(a) > 0.5 or P(b) > 0.2", 2, 1), ("not P(a) <= 0.5", 1, 1), ("P(a) == P(b)", 1, 2)],
)  # fmt: skip
def test_margins_have_the_sign_of_the_truth(text: str, true: int, false: int) -> None:
    condition, _ = bind_claim(parse_claim(text))
    assert (len(ways(condition, truth=True)), len(ways(condition, truth=False))) == (true, false)
    for means in np.random.default_rng(0).uniform(0, 1, (50, 2)):
        assert (margin(condition, means) > 0) == holds(condition, means)
        assert (margin(condition, means, truth=False) > 0) == (not holds(condition, means))


def test_the_shortest_step_is_that_of_the_projection() -> None:
    slope = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    assert shortest(np.array([-1.0, -3.0]), slope) == pytest.approx([1.5, 1.5, 0.0])
    assert shortest(np.array([-1.0, 3.0]), slope) == pytest.approx([1.0, 0.0, 0.0])
    assert shortest(np.array([1.0, 1.0]), slope) == pytest.approx(np.zeros(3))
    assert np.isinf(shortest(np.array([-1.0]), np.zeros((1, 3)))).all()


def test_slopes_of_the_worlds_at_hand_are_those_of_solving_them_moved(base: Forecast) -> None:
    both = flip(base, "P(go) > 0.45").text
    from escalade.forecast.plan import plan
    from escalade.scenario.resolve import ask

    scenario, claim = ask(base.scenario, both)
    inputs = draw(scenario.inputs, 256, 0)
    view = space(plan(scenario), scenario.claims.index(claim), inputs, solver=solve)
    zero = np.zeros(2)
    rate = slopes(view.look([zero], 256)[0], view.scores)[0]
    for row in range(2):
        step = np.zeros(2)
        step[row] = 0.01
        up, down = (look.means()[0] for look in view.look([step, -step], 256))
        assert rate[row] == pytest.approx((up - down) / 0.02, abs=0.01)


@pytest.mark.parametrize("draws", [1, 2, 5])
def test_few_worlds_answer_roughly_and_say_so(tmp_path: Path, draws: int) -> None:
    found = flip(forecast(bet(tmp_path), draws=draws), "P(go) > 0.95")
    assert not found.flips
    assert any("draws are few" in warning for warning in found.warnings)


def test_a_claim_of_ones_own_is_read_off_what_the_forecast_has_solved(tmp_path: Path) -> None:
    seen = list[bytes]()

    def spy(game: Game, tables: Tables, *, starts: int = 0) -> Solution:
        seen.append(tables.payoff.tobytes() + tables.precision.tobytes())
        return solve(game, tables, starts=starts)

    base = forecast(bet(tmp_path), draws=64, solver=spy)
    solved = seen[0]
    seen.clear()
    flip(base, "P(go) > 0.45", solver=spy)
    assert seen[0] == solved


def test_inputs_that_do_not_move_keep_their_values_to_the_bit(base: Forecast) -> None:
    view = space(base.plan, 0, base.inputs, solver=solve)
    moved = view.values([np.array([0.5, 0.0]), np.array([-0.5, 0.0])], 100)
    own = [value[:100] for value in base.inputs.values]
    for before, after in zip(own, moved, strict=True):
        assert after.shape == (200,)
        assert np.array_equal(after, np.tile(before, 2)) == (before is not own[1])
    assert (moved[1][:100] > own[1]).all()
    assert (moved[1][100:] < own[1]).all()
