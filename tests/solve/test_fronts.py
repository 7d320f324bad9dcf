"""Fronts: what they hold, and that their elimination is Newton's method on the whole game."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from escalade.forecast.draws import draw
from escalade.forecast.plan import plan
from escalade.game.efg import read_efg
from escalade.game.game import CHANCE, END, Game
from escalade.game.priors import priors
from escalade.game.tables import own_numbers
from escalade.scenario.read import read_scenario
from escalade.solve import Status, solve
from escalade.solve import fronts as rooms
from escalade.solve.fronts import NOTHING, lay_out
from escalade.solve.grouping import group_nodes, join
from escalade.solve.solve import Run
from escalade.solve.topology import build_topology
from game.trees import Turn, numbers, tree

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"

HIDDEN = [Turn(0, 2, seen_by=(0,)), Turn(1, 2, seen_by=(1,))]
GAMES = {
    "in turn": tree([Turn(t % 2, 3, ends=True) for t in range(4)], (2, 2)),
    "at once": tree([Turn(0, 2, seen_by=(0,)), Turn(1, 3), Turn(0, 2), Turn(1, 2)], (2, 3)),
    "with chance": tree([Turn(0, 2), Turn(CHANCE, 2), Turn(1, 2), Turn(0, 2)], (2, 1)),
    "chance unseen": tree([Turn(CHANCE, 2, seen_by=(0,)), Turn(0, 2), Turn(1, 2)], (1, 2)),
    "kept from one": tree([Turn(0, 2, seen_by=(0, 1)), Turn(1, 2), Turn(2, 2)], (2, 2, 1)),
    "never revealed": tree([*HIDDEN, *(Turn(t % 2, 2) for t in range(3))], (1, 1)),
}


def below(game: Game, nodes: np.ndarray) -> np.ndarray:
    """[node] Whether it is one of these nodes or lies below one."""
    inside = np.zeros(game.n_nodes, dtype=bool)
    for node in range(game.n_nodes):
        above = game.parent[node]
        inside[node] = node in nodes or (above >= 0 and inside[above])
    return inside


turns = st.lists(
    st.builds(
        Turn,
        mover=st.sampled_from([0, 1, 2, CHANCE]),
        moves=st.just(2),
        seen_by=st.none() | st.sets(st.sampled_from([0, 1, 2])).map(tuple),
        ends=st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(turns)
def test_no_information_set_reaches_into_a_front_from_outside(play: list[Turn]) -> None:
    game = tree(play, (2, 1, 1))
    groups = group_nodes(game)
    for front in range(groups.n_fronts):
        inside = below(game, groups.node[groups.front == front])
        for infoset in range(game.n_infosets):
            held = inside[game.infoset == infoset]
            assert held.all() or not held.any()


def test_where_everybody_sees_every_move_a_front_holds_one_node() -> None:
    groups = group_nodes(GAMES["in turn"])
    assert len(groups.node) == groups.n_fronts
    assert groups.n_fronts == (GAMES["in turn"].mover != END).sum()


@pytest.mark.parametrize("name", GAMES)
def test_elimination_and_iteration_find_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk is the same; what solves its systems shares no code."""
    game = GAMES[name]
    tables = numbers(game, draws=16, precision=4.0)
    eliminated = solve(game, tables)
    assert Run(game, tables, (1e-10, 1e4)).layout.n_fronts
    nothing = cached_property(lambda _self: NOTHING)
    nothing.__set_name__(Run, "layout")
    monkeypatch.setattr(Run, "layout", nothing)
    run = Run(game, tables, (1e-10, 1e4))
    run.trace(np.arange(16), [(1.0, 0.0)])
    iterated = run.solution()
    assert eliminated.solved.all()
    assert iterated.solved.all()
    assert_allclose(eliminated.choice, iterated.choice, rtol=0, atol=1e-9)


def test_sets_that_are_not_layered_have_no_fronts(tmp_path: Path) -> None:
    """Each player may be asked first: either set holds a node below one of the other."""
    path = tmp_path / "first.efg"
    path.write_text(
        'EFG 2 R "who is asked first" { "A" "B" }\nc "" 1 "" { "1" 1/2 "2" 1/2 } 0\n'
        'p "" 1 1 "a" { "l" "r" } 0\np "" 2 1 "b" { "l" "r" } 0\nt "" 1 "" { 1, 0 }\n'
        't "" 2 "" { 0, 1 }\nt "" 3 "" { 0.3, 0.6 }\n'
        'p "" 2 1 "b" { "l" "r" } 0\np "" 1 1 "a" { "l" "r" } 0\nt "" 4 "" { 0, 1 }\n'
        't "" 5 "" { 1, 0 }\nt "" 6 "" { 0.5, 0.2 }\n'
    )
    game = read_efg(path)
    tables = own_numbers(game)
    assert lay_out(game, build_topology(game, tables.prior, len(tables.payoff))) is NOTHING
    assert solve(game, precision=3.0).solved.all()


def test_fronts_that_take_too_much_give_way_to_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    game = GAMES["never revealed"]
    tables = numbers(game, draws=1)
    topology = build_topology(game, tables.prior, len(tables.payoff))
    assert lay_out(game, topology).n_fronts
    for name in ("MOST_BYTES", "MOST_WORK"):
        with monkeypatch.context() as changed:
            changed.setattr(rooms, name, 0)
            assert lay_out(game, topology) is NOTHING


@pytest.mark.parametrize(
    ("file", "stage", "seed", "world"),
    [
        ("cuba-1962/hawk", 0, 3, 9),
        ("budapest-2025/essay", 1, 3, 98),
        ("budapest-2025/essay", 1, 11, 541),
    ],
)
def test_a_fork_that_is_not_quite_one_is_not_jumped(
    file: str, stage: int, seed: int, world: int
) -> None:
    """Worlds in which a ladder or long steps find a wrong branch, as smooth as the right one."""
    scenario = read_scenario(SCENARIOS / f"{file}.yaml")
    values = draw(scenario.inputs, 1024, seed).values
    compiled = plan(scenario).stages[stage].compiled
    tables = compiled.recipes.fill(values, priors(scenario, values)).take(slice(world, world + 1))
    found = solve(compiled.game, tables)
    run = Run(compiled.game, tables, (1e-10, 1e5))
    run.trace(np.arange(1), [(0.05, 0.0)])
    fine = run.solution()
    assert found.counts() == fine.counts() == {Status.TRACED: 1}
    assert np.abs(found.choice - fine.choice).max() <= 1e-9


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_components_are_those_that_scipy_finds(n: int, ties: list[tuple[int, int]]) -> None:
    held, holder = np.array([(i % n, j) for i, j in ties], dtype=np.int64).reshape(-1, 2).T
    graph = csr_array((np.ones(len(ties)), (held, n + holder)), shape=(n + 30, n + 30))
    known = connected_components(graph, directed=False)[1][:n]
    found = join(n, held, holder, 30)
    assert ((found[:, None] == found) == (known[:, None] == known)).all()


def test_long_chains_are_joined_in_few_rounds() -> None:
    """Round by round along the chain, this would take hours."""
    n = 200_000
    item = np.random.default_rng(0).permutation(n)
    held, holder = np.repeat(item, 2)[1:-1], np.repeat(np.arange(n - 1), 2)
    assert (join(n, held, holder, n - 1) == 0).all()
