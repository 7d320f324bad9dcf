"""Writing extensive games in Gambit's format: exact, and in what other programs can read."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from escalade.errors import GameError
from escalade.game.efg import read_efg
from escalade.game.efg_forms import expand_types, payoffs_at_ends
from escalade.game.efg_labels import distinct, plain
from escalade.game.efg_writer import efg_text, exact_shares, write_efg
from escalade.game.game import CHANCE, END, Game, require_perfect_recall
from escalade.game.tables import Tables, own_numbers, require_good_numbers
from escalade.solve import solve
from game.trees import Turn, numbers, tree

HIDDEN = [Turn(CHANCE, seen_by=(0,)), Turn(0, 3, ends=True), Turn(1, seen_by=(2,)), Turn(2)]
GAMES = {
    "one type each": (HIDDEN, (1, 1, 1)),
    "types of one": ([Turn(0, 3, ends=True), Turn(1), Turn(0)], (3, 1)),
    "types of all": ([*HIDDEN, Turn(0)], (2, 1, 3)),
    "simultaneous": ([Turn(0, 2, seen_by=()), Turn(1, 3), Turn(0)], (2, 2)),
    "no moves": ([], (2, 2)),
}
any_game = pytest.mark.parametrize("name", GAMES)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("efg") / "game.efg"


def build(name: str, **options: int | bool) -> Game:
    game = tree(*GAMES[name])
    names = tuple(f"set {i}" for i in range(game.n_infosets))
    tables = numbers(game, **options)  # pyright: ignore[reportArgumentType]
    return replace(game, infoset_names=names, tables=tables)


def assert_same(one: Game | Tables, other: Game | Tables) -> None:
    """Every array has the same type, shape and bits, every name the same letters."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Tables):
            assert_same(a, b)
        elif isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
        else:
            assert a == b, field.name


def choices(game: Game) -> dict[str, list[float]]:
    """What is chosen at each information set, by its name; there is one type each."""
    solution = solve(game)
    assert solution.solved.all()
    return {
        name: solution.choice[game.choice_start[i] : game.choice_start[i + 1], 0].tolist()
        for i, name in enumerate(game.infoset_names)
    }


def assert_same_play(one: Game, other: Game) -> None:
    mine, its = choices(one), choices(other)
    assert mine.keys() == its.keys()
    for name, chosen in mine.items():
        assert_allclose(its[name], chosen, atol=1e-9, err_msg=name)


# --- There and back ----------------------------------------------------------------------------


def test_golden_games_come_back_bit_for_bit(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "game.efg"
    for file in sorted((shared / "golden" / "efg").rglob("*.efg")):
        found = read_efg(file)
        write_efg(found, path)
        assert_same(read_efg(path), found)


def test_golden_games_with_payoffs_at_ends_only_are_the_same_games(
    shared: Path, tmp_path: Path
) -> None:
    path = tmp_path / "game.efg"
    for file in ("bayes2a.efg", "cs.efg"):
        found = read_efg(shared / "golden" / "efg" / "contrib" / "games" / file)
        write_efg(found, path, ends_only=True)
        game = ends_only = read_efg(path)
        assert not game.payoff[game.mover != END].any()
        assert game.payoff[game.mover == END].all()
        assert_same_play(ends_only, found)


@any_game
def test_a_written_game_comes_back_the_same(name: str, scratch: Path) -> None:
    """Once in the order of the reader, bit for bit."""
    write_efg(build(name), scratch)
    once = read_efg(scratch)
    write_efg(once, scratch)
    assert_same(read_efg(scratch), once)
    require_good_numbers(once, own_numbers(once))
    require_perfect_recall(once)


@any_game
@pytest.mark.parametrize("ends_only", [False, True])
def test_a_written_game_is_played_the_same(name: str, ends_only: bool, scratch: Path) -> None:
    game = build(name)
    tables = own_numbers(game)
    even = replace(tables, habit=np.ones_like(tables.habit))
    write_efg(game, scratch, even, ends_only=ends_only)
    found = read_efg(scratch)
    numbers = own_numbers(found)
    two = replace(numbers, precision=np.full_like(numbers.precision, 2.0))
    assert_same_play(replace(found, tables=two), expand_types(game, even))


@given(
    payoffs=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
    weights=st.lists(st.floats(1e-300, 1.0), min_size=1, max_size=6),
)
def test_all_numbers_come_back_bit_for_bit(
    scratch: Path, payoffs: list[float], weights: list[float]
) -> None:
    branches = "".join(f'"{i}" {share} ' for i, share in enumerate(exact_shares(weights)))
    ends = 't "" 0\n' * (len(weights) - 1)
    scratch.write_text(
        f'EFG 2 R "" {{ "A" "B" }} c "" 1 "" {{ {branches} }} 0\n{ends}t "" 1 {{ 0 0 }}'
    )
    game = read_efg(scratch)
    rows = np.array([[0, 0], payoffs])[:, :, None]
    found = replace(game, tables=replace(own_numbers(game), payoff=rows))
    write_efg(found, scratch)
    assert_same(read_efg(scratch), found)


def test_one_draw_of_many_is_written(scratch: Path) -> None:
    game = build("one type each", draws=3)
    tables = own_numbers(game)
    write_efg(game, scratch, draw=2)
    assert_same_numbers = own_numbers(read_efg(scratch)).payoff[:, :, 0]
    assert sorted(map(tuple, assert_same_numbers[1:])) == sorted(
        map(tuple, tables.payoff[game.payoff, :, 2])
    )


# --- The text ----------------------------------------------------------------------------------


def test_the_text_says_everything_at_every_node(scratch: Path) -> None:
    scratch.write_text(
        'EFG 2 R "" { "Ann" "Bob" }\n'
        'c "" 7 "luck" { "rain" 1/3 "sun" 2/3 } 0\n'
        'p "" 2 9 "Bob" { "go" "stay" } 3 "toll" { -1/4 0 }\nt "" 2 "win" { 1e19 -2 }\nt "" 0\n'
        'p "" 2 9 0\nt "" 2\nt "" 3\n'
    )
    game = replace(read_efg(scratch), title='The "toll"')
    assert efg_text(game) == (
        'EFG 2 R "The \'toll\'" { "Ann" "Bob" }\n'
        '""\n\n'
        'c "" 1 "" { "rain" 0.333333333333333315 "sun" 0.666666666666666685 } 0\n'
        'p "" 2 1 "Bob" { "go" "stay" } 1 "toll" { -0.25 0.0 }\n'
        't "" 2 "win" { 10000000000000000000 -2.0 }\n'
        't "" 0\n'
        'p "" 2 1 "Bob" { "go" "stay" } 0\n'
        't "" 2 "win" { 10000000000000000000 -2.0 }\n'
        't "" 1 "toll" { -0.25 0.0 }\n'
    )
    assert efg_text(game, ends_only=True).splitlines()[3:] == [
        'c "" 1 "" { "rain" 0.333333333333333315 "sun" 0.666666666666666685 } 0',
        'p "" 2 1 "Bob" { "go" "stay" } 0',
        't "" 1 "win" { 10000000000000000000 -2.0 }',
        't "" 2 "payoffs" { -0.25 0.0 }',
        'p "" 2 1 "Bob" { "go" "stay" } 0',
        't "" 1 "win" { 10000000000000000000 -2.0 }',
        't "" 3 "toll" { -0.25 0.0 }',
    ]


def test_types_are_drawn_by_chance_and_named_at_information_sets() -> None:
    game = build("types of one")
    tables = own_numbers(game)
    lines = efg_text(game).splitlines()
    share = exact_shares(tables.prior[0, :3, 0].tolist())
    assert lines[3] == (
        f'c "" 1 "" {{ "actor 0: type 0" {share[0]} "actor 0: type 1" {share[1]} '
        f'"actor 0: type 2" {share[2]} }} 0'
    )
    assert lines[4].startswith('p "" 1 1 "set 0 (type 0)" { "move 0" "move 1" "move 2" } 1 ')
    assert sum("(type 1)" in line for line in lines) == 1 + 2 * 2
    assert sum('"set 1"' in line for line in lines) == 3


def test_labels_are_in_letters_that_other_programs_take() -> None:
    game = build("one type each")
    names = ("Élan \u201cvital\u201d", 'Elan "vital"', "")
    text = efg_text(replace(game, actors=names, title="100 \u20ac \\ a\nday"))
    assert text.startswith('EFG 2 R "100 ? / a day" { "Elan \'vital\'_1" "Elan \'vital\'_2" "_1" }')


def test_information_sets_of_one_actor_get_names_of_their_own() -> None:
    """Gambit 16.7.0 refuses others: "Infoset label must be unique for the player"."""
    game = tree([Turn(0), Turn(0, 2), Turn(1)], (1, 1))
    assert game.infoset_names[1] == game.infoset_names[2]
    lines = efg_text(game, numbers(game)).splitlines()
    assert sum(line.startswith('p "" 1 2 "turn 1_1" ') for line in lines) == 1
    assert sum(line.startswith('p "" 1 3 "turn 1_2" ') for line in lines) == 1


@given(st.text())
def test_plain_labels_are_printable_ascii(label: str) -> None:
    found = plain(label)
    assert found.isascii()
    assert not found or found.isprintable()
    assert not set(found) & set('"\\')
    assert found == found.strip() == plain(found)


@given(st.lists(st.sampled_from(["x", "x_1", "x_2", "x_1_1", "", "_1", "y"])))
def test_distinct_labels_are_distinct_and_stay_so(labels: list[str]) -> None:
    found = distinct(labels)
    assert len(set(found)) == len(labels)
    assert "" not in found
    assert distinct(found) == found


# --- Probabilities of chance -------------------------------------------------------------------


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20).filter(lambda w: sum(w) > 0))
def test_shares_sum_to_exactly_one(weights: list[float]) -> None:
    shares = (np.array(weights) / sum(weights)).tolist()
    found = exact_shares(shares)
    assert sum(map(Fraction, found)) == 1
    assert all(len(text) < 400 and "e" not in text for text in found)
    assert_allclose(list(map(float, found)), shares, rtol=1e-14)
    assert exact_shares(list(map(float, found))) == found


def test_shares_that_sum_to_one_but_for_rounding_keep_every_bit() -> None:
    for shares in ([1 / 3] * 3, [0.1] * 10, [1.0, 2.0**-54], [1 / 3, 2 / 3], [1.0, 0.0, 5e-324]):
        found = exact_shares(shares)
        assert list(map(float, found)) == shares
        assert sum(map(Fraction, found)) == 1


def test_shares_off_by_more_than_rounding_are_divided_by_their_sum() -> None:
    found = exact_shares([0.5, 0.5 + 1e-10])
    assert sum(map(Fraction, found)) == 1
    assert_allclose(list(map(float, found)), [0.5, 0.5], rtol=1e-9)


# --- Other forms -------------------------------------------------------------------------------


@any_game
def test_types_drawn_by_chance_are_the_same_game(name: str) -> None:
    """Choices stand in the same order: information set, type, move."""
    game = build(name, draws=2)
    tables = own_numbers(game)
    expanded = expand_types(game, tables)
    require_good_numbers(expanded, own_numbers(expanded))
    require_perfect_recall(expanded)
    assert (expanded.parent[1:] < np.arange(1, expanded.n_nodes)).all()
    assert set(map(len, expanded.types)) == {1}
    assert_allclose(solve(expanded).choice, solve(game, tables).choice, atol=1e-9)


@any_game
def test_payoffs_at_ends_are_the_same_game(name: str) -> None:
    game = build(name, draws=2)
    tables = own_numbers(game)
    form = payoffs_at_ends(game, tables)
    assert not form.payoff[game.mover != END].any()
    assert_allclose(solve(form).choice, solve(game, tables).choice, atol=1e-9)
    again = payoffs_at_ends(form, own_numbers(form))
    assert again.payoff is form.payoff


def test_actors_who_disagree_about_a_third_have_no_form_of_this_kind() -> None:
    game = build("types of all", common_prior=False)
    message = (
        r"'actor 2' gives 'actor 0' the type 'type \d' with probability .*, and 'actor 1' with"
    )
    with pytest.raises(GameError, match=message):
        efg_text(game)


def test_what_the_analyst_alone_believes_changes_no_play() -> None:
    game = build("types of one", common_prior=False)
    tables = own_numbers(game)
    expanded = expand_types(game, tables)
    assert_allclose(own_numbers(expanded).chance[-3:], tables.prior[2, :3])
    assert_allclose(solve(expanded).choice, solve(game, tables).choice, atol=1e-9)


def test_what_a_lone_actor_will_be_is_as_the_analyst_holds() -> None:
    game = tree([Turn(0)], (2,))
    tables = numbers(game)
    assert_allclose(own_numbers(expand_types(game, tables)).chance, tables.prior[0])


def test_too_many_copies_are_refused() -> None:
    game = tree([Turn(0)], (200, 200, 50))
    with pytest.raises(GameError, match="2,000,000 copies of 3 nodes are more than 5,000,000"):
        efg_text(game, numbers(game))


# --- Faults ------------------------------------------------------------------------------------


def test_a_draw_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="draw is 2; it must lie between 0 and 1"):
        efg_text(build("one type each", draws=2), draw=2)


def test_numbers_that_are_none_are_refused() -> None:
    game = build("one type each")
    tables = own_numbers(game)
    payoff = tables.payoff.copy()
    payoff[1, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"the payoff of .* is (nan|inf).*; it must be finite"):
        efg_text(game, replace(tables, payoff=payoff))


def test_sums_of_payoffs_that_are_too_large_are_refused() -> None:
    game = build("one type each")
    tables = own_numbers(game)
    huge = replace(tables, payoff=np.full_like(tables.payoff, 1e308))
    with pytest.raises(ValueError, match=r"the payoff of .* is (nan|inf).*; it must be finite"):
        efg_text(game, huge, ends_only=True)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "game.efg"
    path.write_text("before")
    with pytest.raises(ValueError, match="draw is 1"):
        write_efg(build("one type each"), path, draw=1)
    assert path.read_text() == "before"
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "nowhere" / "game.efg", tmp_path / "folder"):
        with pytest.raises(GameError, match=f"{place.name}: cannot be written"):
            write_efg(build("one type each"), place)
    write_efg(build("one type each"), str(path))
    assert sorted(found.name for found in tmp_path.iterdir()) == ["folder", "game.efg"]
