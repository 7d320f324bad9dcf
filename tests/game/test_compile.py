"""The compiler: trees, information sets, tables."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from crises import CRISIS, changed, crisis
from escalade.errors import GameError
from escalade.forecast.draws import draw
from escalade.game.compile import CompiledTheatre, compile_theatre
from escalade.game.game import CHANCE, END
from escalade.game.priors import priors
from escalade.game.tables import Tables
from escalade.scenario.play import Rules, census
from escalade.scenario.scenario import Scenario


def tables(scenario: Scenario, compiled: CompiledTheatre, n: int = 4) -> Tables:
    values = draw(scenario.inputs, n, 0).values
    return compiled.recipes.fill(values, priors(scenario, values))


def turn_sets(compiled: CompiledTheatre, turn: str) -> list[int]:
    """Number of nodes of each information set of a turn."""
    game = compiled.game
    sizes = np.bincount(game.infoset[game.infoset >= 0], minlength=game.n_infosets)
    return sorted(int(n) for n, t in zip(sizes, game.infoset_names, strict=True) if t == turn)


def histories(compiled: CompiledTheatre) -> dict[tuple[str, ...], str]:
    """Outcome of every history, by the moves that lead there."""
    game, found = compiled.game, {}
    for end in np.flatnonzero(game.mover == END):
        moves, node = [], int(end)
        while game.parent[node] >= 0:
            moves.append(game.moves[game.move[node]])
            node = int(game.parent[node])
        found[tuple(reversed(moves))] = game.outcomes[game.outcome[end]]
    return found


def test_every_history_of_the_play_is_in_the_tree(tmp_path: Path) -> None:
    found = histories(compile_theatre(crisis(tmp_path)))
    assert found == {
        ("wait", "yield"): "win",
        ("wait", "stand"): "lose",
        ("threaten", "yield"): "win",
        ("threaten", "stand", "wait"): "lose",
        ("threaten", "stand", "attack"): "war",
    }


def test_the_census_counts_what_the_tree_holds(tmp_path: Path) -> None:
    play = [{"repeat": {"times": 3, "play": CRISIS["play"]}}]
    scenario = crisis(tmp_path, play=play)
    compiled = compile_theatre(scenario)
    counted = census(Rules(scenario.theatres[0], scenario.inputs))
    assert counted.histories == compiled.game.n_histories
    assert [g.after for g in counted.growth][-1] <= compiled.game.n_histories


def test_children_are_contiguous_and_parents_come_first(tmp_path: Path) -> None:
    game = compile_theatre(crisis(tmp_path)).game
    for node in range(1, game.n_nodes):
        parent = int(game.parent[node])
        assert parent < node
        first = int(game.first_child[parent])
        assert first <= node < first + int(game.n_children[parent])
        assert game.level[parent] < game.level[node]


def test_an_unseen_move_joins_nodes_into_one_information_set(tmp_path: Path) -> None:
    seen = compile_theatre(crisis(tmp_path))
    assert turn_sets(seen, "second") == [1, 1]
    hidden = changed("moves", "threaten", to={**CRISIS["moves"]["threaten"], "seen_by": []})
    hidden["moves"]["wait"] = {"seen_by": []}
    assert turn_sets(compile_theatre(crisis(tmp_path, **hidden)), "second") == [2]


def test_a_hidden_move_beside_a_seen_one_shows_by_silence_unless_it_looks_like_it(
    tmp_path: Path,
) -> None:
    threat = {**CRISIS["moves"]["threaten"], "seen_by": []}
    silent = changed("moves", "threaten", to=threat)
    assert turn_sets(compile_theatre(crisis(tmp_path, **silent)), "second") == [1, 1]
    disguised = changed("moves", "threaten", to={**threat, "looks_like": "wait"})
    assert turn_sets(compile_theatre(crisis(tmp_path, **disguised)), "second") == [2]


def test_a_disguise_shows_what_the_imitated_move_would_show(tmp_path: Path) -> None:
    threat = {**CRISIS["moves"]["threaten"], "seen_by": [], "looks_like": "wait", "sets": {}}
    moves = {**CRISIS["moves"], "wait": {"shows": ["rung"]}, "threaten": threat}
    assert turn_sets(compile_theatre(crisis(tmp_path, moves=moves)), "second") == [2]


def test_a_move_that_shows_a_variable_tells_the_hidden_moves_apart(tmp_path: Path) -> None:
    moves = {
        **CRISIS["moves"],
        "wait": {"seen_by": []},
        "threaten": {**CRISIS["moves"]["threaten"], "seen_by": []},
        "photograph": {},
        "photograph_well": {"shows": ["rung"]},
    }
    play = [CRISIS["play"][0], {"us": ["photograph"]}, CRISIS["play"][1]]
    assert turn_sets(compile_theatre(crisis(tmp_path, moves=moves, play=play)), "second") == [2]
    play[1] = {"us": ["photograph_well"]}
    assert turn_sets(compile_theatre(crisis(tmp_path, moves=moves, play=play)), "second") == [1, 1]


def test_simultaneous_movers_do_not_see_each_other_but_know_it_afterwards(tmp_path: Path) -> None:
    play = [
        {"together": {"us": ["wait", "threaten"], "ru": ["yield", "stand"]}, "called": "both"},
        {"us": ["wait", "attack"], "called": "then"},
    ]
    compiled = compile_theatre(crisis(tmp_path, play=play))
    assert turn_sets(compiled, "both") == [1, 2]
    assert max(turn_sets(compiled, "then")) == 1


def test_moves_of_a_block_take_effect_together(tmp_path: Path) -> None:
    moves = {
        "grab": {"by": "us", "when": "rung == quiet", "sets": {"rung": "up"}},
        "snatch": {"by": "ru", "when": "rung == quiet", "sets": {"rung": "up"}},
    }
    play = [{"together": {"us": ["grab"], "ru": ["snatch"]}}]
    outcomes = {"both": {"when": "rung == fight"}, "one": {"otherwise": True}}
    actors = {name: {**actor, "wants": "both > one"} for name, actor in CRISIS["actors"].items()}
    found = crisis(tmp_path, moves=moves, play=play, outcomes=outcomes, actors=actors)
    assert histories(compile_theatre(found)) == {("grab", "snatch"): "both"}


def test_who_is_unaware_of_a_move_decides_before_hearing_of_it(tmp_path: Path) -> None:
    play = [*CRISIS["play"][:1], {**CRISIS["play"][1], "unaware_of": ["wait", "threaten"]}]
    assert turn_sets(compile_theatre(crisis(tmp_path, play=play)), "second") == [2]


@pytest.mark.parametrize("forgotten", ["threaten", "yield"])
def test_imperfect_recall_is_refused_naming_the_turn(tmp_path: Path, forgotten: str) -> None:
    other = {"threaten": "wait", "yield": "stand"}[forgotten]
    play = [
        *CRISIS["play"][:2],
        {"us": ["wait", "threaten"], "called": "middle"},
        {"us": ["wait", "threaten"], "called": "last", "unaware_of": [forgotten, other]},
    ]
    with pytest.raises(GameError, match="imperfect recall: at 'last' us"):
        compile_theatre(crisis(tmp_path, play=play))


def test_a_tree_of_a_trillion_histories_is_refused_naming_the_turn(tmp_path: Path) -> None:
    turns = [{"us": ["wait", "threaten"]}, {"ru": ["yield", "stand"]}]
    scenario = crisis(tmp_path, play=[{"repeat": {"times": 20, "play": turns}}])
    started = time.process_time()
    with pytest.raises(GameError, match=r"crisis.yaml:\d+: the tree is too large: turn 'ru"):
        compile_theatre(scenario, max_histories=50_000)
    assert time.process_time() - started < 2


def test_costs_follow_from_what_was_done_before(tmp_path: Path) -> None:
    rule = {"to": "us.soft", "of": "lose", "after": "threaten", "size": 0.25}
    scenario = crisis(tmp_path, costs=[rule])
    compiled = compile_theatre(scenario)
    table = tables(scenario, compiled)
    game = compiled.game
    received = {}
    for end in np.flatnonzero(game.mover == END):
        node, total, moves = int(end), np.zeros(game.n_slots), []
        while node >= 0:
            total += table.payoff[game.payoff[node], :, 0]
            moves.append(game.moves[game.move[node]] if node else "")
            node = int(game.parent[node])
        received[tuple(reversed(moves))[1:]] = total
    # slots: us.tough, us.soft, ru
    assert received["wait", "stand"] == pytest.approx([0.0, 0.5, 1.0])
    assert received["threaten", "stand", "wait"] == pytest.approx([-0.05, 0.5 - 0.05 - 0.25, 1.0])
    assert received["threaten", "stand", "attack"] == pytest.approx([0.55, -0.05, 0.0])


def test_chance_branches_sum_to_one_and_nothing_takes_the_rest(tmp_path: Path) -> None:
    event = {"when": "rung == alert", "probability": 0.125, "sets": {"rung": "fight"}}
    play = [*CRISIS["play"], {"chance": {"accident": event}}]
    scenario = crisis(tmp_path, play=play)
    compiled = compile_theatre(scenario)
    game, table = compiled.game, tables(scenario, compiled)
    nodes = np.flatnonzero(game.mover == CHANCE)
    assert len(nodes) == 1
    first = int(game.first_child[nodes[0]])
    assert [game.moves[m] for m in game.move[first : first + 2]] == ["accident", "nothing"]
    assert table.chance[game.chance[first : first + 2], 0] == pytest.approx([0.125, 0.875])


def test_variants_of_a_move_share_one_habit_weight(tmp_path: Path) -> None:
    moves = {
        **CRISIS["moves"],
        "stand": {"by": "ru", "variant_of": "resist", "habit": 3.0},
        "stand_proudly": {"by": "ru", "variant_of": "resist", "habit": 3.0},
    }
    play = [CRISIS["play"][0], {"ru": ["yield", "stand", "stand_proudly"], "called": "second"}]
    scenario = crisis(tmp_path, moves=moves, play=play)
    compiled = compile_theatre(scenario)
    infoset = compiled.game.infoset_names.index("second")
    first = int(compiled.game.infoset_habit[infoset])
    assert tables(scenario, compiled).habit[first : first + 3, 0] == pytest.approx([1.0, 1.5, 1.5])


def test_a_hundred_thousand_histories_compile_in_two_seconds_and_500_mb(tmp_path: Path) -> None:
    moves = {
        "a": {"sets": {"x": "x + 1"}, "costs": {"us": "small"}},
        "b": {"sets": {"y": "y + 1"}, "costs": {"ru": "if(x > 2, 0.1, 0.2)"}},
        "c": {},
    }
    both = ["a", "b", "c"]
    play = [{"repeat": {"times": 5, "play": [{"us": both}, {"ru": both}]}}, {"us": ["a", "c"]}]
    state = {"x": {"number": 0.0}, "y": {"number": 0.0}}
    outcomes = {"win": {"finally": "x > y"}, "lose": {"otherwise": True}}
    actors = {name: {**actor, "wants": "win > lose"} for name, actor in CRISIS["actors"].items()}
    scenario = crisis(
        tmp_path, moves=moves, play=play, state=state, outcomes=outcomes, actors=actors
    )
    started = time.process_time()
    compiled = compile_theatre(scenario)
    assert time.process_time() - started < 2
    assert compiled.game.n_histories == 2 * 3**10
    tracemalloc.start()
    compile_theatre(scenario)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500e6
