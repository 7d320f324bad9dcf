"""Reading extensive games in Gambit's format."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from escalade.errors import GameError
from escalade.game.efg import read_efg
from escalade.game.game import CHANCE, END, require_perfect_recall
from escalade.game.tables import own_numbers, require_good_numbers

HEADER = 'EFG 2 R "a game" { "Ann" "Bob" }\n"a comment"\n\n'
NODES = """c "" 1 "deal" { "high" 1/3 "low" .6666666666666667 } 0
p "root" 2 7 "Bob, first" { "up" "down" } 3 "toll" { -1/4, 0 }
t "" 1 "win" { 1.5e0 -2 }
t "" 2 "" { 0 0 }
p "" 2 7 0
p "" 1 1 "Ann" { "up" "up" } 0
t "" 1
t "" 2
t "" 1
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "game.efg"
    path.write_bytes(text.encode())
    return path


def test_a_game_is_read_with_its_numbers(tmp_path: Path) -> None:
    game = read_efg(written(tmp_path, HEADER + NODES))
    tables = own_numbers(game)
    assert game.actors == ("Ann", "Bob")
    assert [len(names) for names in game.types] == [1, 1]
    assert list(game.mover[:3]) == [CHANCE, 1, 1]
    assert list(game.parent) == [-1, 0, 0, 1, 1, 2, 2, 5, 5]
    assert game.infoset_names == ("Ann", "Bob, first")
    assert game.action_names(1) == ("up", "down")
    assert game.action_names(0) == ("up_1", "up_2")
    assert_allclose(tables.chance[game.chance[1:3], 0], [1 / 3, 2 / 3])
    assert_allclose(tables.payoff[game.payoff[1], :, 0], [-0.25, 0])
    assert_allclose(tables.payoff[game.payoff[3], :, 0], [1.5, -2])
    assert game.payoff[2] == 0
    assert tables.payoff[0].sum() == 0
    assert list(game.outcome[game.mover == END]) == [1, 2, 1, 1, 2]
    assert game.outcomes == ("toll", "win", "2")
    assert (game.outcome[game.mover != END] == -1).all()


def test_information_sets_are_numbered_by_actor_then_by_appearance(shared: Path) -> None:
    game = read_efg(shared / "golden" / "efg" / "crisis_k2_T2_n2.efg")
    assert game.infoset_names == ("i1_1", "i1_2", "i2_1", "i2_2", "i2_3", "i2_4")
    assert list(game.infoset_mover) == [0, 0, 1, 1, 1, 1]


def test_all_games_of_the_golden_set_are_read(shared: Path) -> None:
    files = sorted((shared / "golden" / "efg").rglob("*.efg"))
    assert len(files) > 50
    for file in files:
        game = read_efg(file)
        tables = own_numbers(game)
        assert (game.parent[1:] < np.arange(1, game.n_nodes)).all(), file
        assert tables.n_draws == 1


# What pygambit 16.7.0 says of the golden set: these, and no others, are without perfect recall.
FORGETFUL = {
    "books/shohamleytonbrown2008/fig5_12.efg",
    "books/vonstengel2022/fig10.7.efg",
    "geb/gilboa1997/fig1.efg",
    "geb/gilboa1997/fig2.efg",
    "geb/wichardt2008.efg",
    "tests/test_games/AM-driver-subgame.efg",
    "tests/test_games/AM-subgames.efg",
    "tests/test_games/noPR-AM-driver-two-players.efg",
    "tests/test_games/noPR-action-AM-three-chain.efg",
    "tests/test_games/noPR-action-AM-two-hops.efg",
    "tests/test_games/noPR-action-AM.efg",
    "tests/test_games/noPR-action-AM2.efg",
    "tests/test_games/noPR-action-selten-horse.efg",
    "tests/test_games/noPR-information-no-deflate.efg",
    "tests/test_games/not_perfect_recall.efg",
}


def test_games_without_perfect_recall_are_told_apart(shared: Path) -> None:
    found = {}
    for file in sorted((shared / "golden" / "efg").rglob("*.efg")):
        game = read_efg(file)
        try:
            require_perfect_recall(game)
        except GameError as error:
            found[file.as_posix()] = str(error)
    assert len(found) == len(FORGETFUL)
    assert all(any(file.endswith(end) for file in found) for end in FORGETFUL)
    assert all(re.match(r"imperfect recall: at '(.+)' ", message) for message in found.values())


def test_labels_that_stand_twice_are_numbered(tmp_path: Path) -> None:
    """As Gambit 16.7.0 numbers them; a number that is taken is passed over."""
    header = 'EFG 2 R "" { "P" "P" "" }\n'
    ends = 't "" 1 "o" { 1 2 3 }\nt "" 2 "o" { 1 2 3 }\nt "" 3 "" { 1 2 3 }\nt "" 4 "3" { 1 2 3 }'
    game = read_efg(written(tmp_path, header + f'p "" 1 1 "" {{ "x" "x" "x_1" "" }} 0\n{ends}'))
    assert game.actors == ("P_1", "P_2", "_1")
    assert game.action_names(0) == ("x_2", "x_3", "x_1", "_1")
    assert game.outcomes == ("o_1", "o_2", "3_1", "3_2")


def test_information_sets_of_one_actor_get_names_of_their_own(tmp_path: Path) -> None:
    sets = ('p "" 1 1 "here"', 'p "" 1 2 "here"', 'p "" 1 3', 'p "" 2 1 "here"')
    nodes = "".join(f'{one} {{ "on" }} 0\n' for one in sets)
    game = read_efg(written(tmp_path, f'{HEADER}{nodes}t "" 0'))
    assert game.infoset_names == ("here_1", "here_2", "Ann 3", "here")


def test_labels_are_read_as_gambit_reads_them(tmp_path: Path) -> None:
    node = 'p "" 1 1 "so \\"called\\"" { "a\\b" "two\r\nlines" } 0\nt "" 0\nt "" 0'
    game = read_efg(written(tmp_path, HEADER + node))
    assert game.infoset_names == ('so "called"',)
    assert game.action_names(0) == ("a\\b", "two\r\nlines")


def test_what_is_known_need_not_be_repeated(tmp_path: Path) -> None:
    full = 'c "" 1 "e" { "a" 1/2 "b" 1/2 } 2 "o" { 1 2 }'
    node = 'p "" 2 1 "s" { "x" } 0\nt "" 0\n'
    text = f'{full}\n{full}\n{node}{node}c "" 1 2\np "" 2 1 0\nt "" 0\np "" 2 1 "s" 0\nt "" 2 "o"'
    game = read_efg(written(tmp_path, f"\ufeff{HEADER}{text}"))
    tables = own_numbers(game)
    assert list(game.chance) == [-1, 0, 1, 0, 1, 0, 1, -1, -1, -1, -1]
    assert list(game.payoff) == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert list(game.outcome[-4:]) == [-1, -1, -1, 0]
    assert tables.payoff[:, :, 0].tolist() == [[0, 0], [1, 2]]


NUMBERS = {
    "3/4": 0.75,
    "-1/3": -1 / 3,
    "1.5/3": 0.5,
    ".5": 0.5,
    "5.": 5.0,
    "1e19": 1e19,
    "-1.7976931348623157e+308": -1.7976931348623157e308,
    "4.9e-324": 5e-324,
    "1e-9999": 0.0,
    "-0.0": -0.0,
    "0." + "3" * 300: 1 / 3,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_to_the_last_bit(tmp_path: Path, text: str) -> None:
    tables = own_numbers(read_efg(written(tmp_path, f'{HEADER}t "" 1 "" {{ {text}, 0 }}')))
    assert tables.payoff[1, 0, 0].tobytes() == np.float64(NUMBERS[text]).tobytes()


def chance(*shares: str) -> str:
    branches = " ".join(f'"{i}" {share}' for i, share in enumerate(shares))
    return f'{HEADER}c "" 1 "" {{ {branches} }} 0\n' + 't "" 0\n' * len(shares)


def test_probabilities_of_chance_that_miss_one_are_divided_by_their_sum(tmp_path: Path) -> None:
    path = written(tmp_path, chance("0.333", "0.333", "0.333"))
    with pytest.warns(UserWarning, match=r"game\.efg:4: probabilities of chance sum to 0\.999\n"):
        tables = own_numbers(read_efg(path))
    assert list(tables.chance[:, 0]) == [1 / 3] * 3


def test_many_sums_that_miss_one_are_one_warning(tmp_path: Path) -> None:
    node = 'c "" {} "" {{ "a" .5 "b" .4995 }} 0\n'
    text = HEADER + node.format(1) + node.format(2) + 't "" 0\n' * 3
    with pytest.warns(UserWarning, match="and 1 more like it") as caught:
        read_efg(written(tmp_path, text))
    assert len(caught) == 1


def test_floating_point_sums_need_no_warning(tmp_path: Path) -> None:
    tables = own_numbers(read_efg(written(tmp_path, chance("0.1", "0.2", "0.7000000000000001"))))
    assert_allclose(tables.chance[:, 0], [0.1, 0.2, 0.7], rtol=1e-15)


def test_chance_may_have_moves_without_probability(tmp_path: Path) -> None:
    tables = own_numbers(read_efg(written(tmp_path, chance("0", "1"))))
    assert list(tables.chance[:, 0]) == [0, 1]


def test_deep_trees_are_read(tmp_path: Path) -> None:
    n = 5000
    turns = "".join(f'p "" 1 {i} "" {{ "on" "off" }} 0\nt "" 1\n' for i in range(1, n))
    text = f'{HEADER}p "" 1 0 "" {{ "on" "off" }} 0\nt "" 1 "" {{ 1 2 }}\n{turns}t "" 0'
    game = read_efg(written(tmp_path, text))
    assert game.level.max() == n


BAD = {
    "empty": ("", "1: the file ends; expected 'EFG'"),
    "another format": ("NFG 1 R", "1: expected 'EFG'"),
    "another version": ('EFG 3 R "x" { }', "1: expected format version 2"),
    "another data type": ('EFG 2 X "x" { }', "1: expected 'R' (or 'D'); found 'X'"),
    "no title": ("EFG 2 R { }", "1: expected the title in quotes"),
    "players left open": ('EFG 2 R "x" { "A"', "1: the file ends; expected a player's name"),
    "stray sign": (HEADER + "p ? 1", "4: '?' is not understood"),
    "a space that is none": (HEADER + "p \u00a0", "4: '\u00a0' is not understood"),
    "a digit that is none": (HEADER + "p \u0663", "4: '\u0663' is not understood"),
    "quote left open": (HEADER + 'p "root', "4: '\"root' is not understood"),
    "quote left open by a backslash": (HEADER + 'p "\\" 1 1', "4: '\"\\\"' is not understood"),
    "not a node": (HEADER + "q", "4: expected a node: 'c', 'p' or 't'; found 'q'"),
    "missing branch": (HEADER + 'p "" 1 1 "" { "a" "b" } 0\nt "" 0\n', "5: the file ends"),
    "too many nodes": (HEADER + 't "" 0\nt "" 0\n', "5: expected the end of the file"),
    "no such player": (HEADER + 'p "" 3 1 "" { "a" } 0', "4: there is no player 3"),
    "player zero": (HEADER + 'p "" 0 1 "" { "a" } 0', "4: there is no player 0"),
    "no integer": (HEADER + 'p "" 1.0 1', "4: expected the number of a player; found '1.0'"),
    "long integer": (HEADER + f'p "" {"1" * 5000}', "4: expected the number of a player of fewer"),
    "moves unknown": (HEADER + 'p "" 1 1 0', "4: expected the moves in braces"),
    "moves unknown at the end": (HEADER + 'p "" 1 1', "4: the file ends; expected the moves"),
    "no moves": (HEADER + 'p "" 1 1 "" { } 0', "an information set without moves"),
    "other moves": (
        HEADER + 'p "" 1 1 "" { "a" } 0\np "" 1 1 "" { "b" } 0\nt "" 0',
        "5: information set 1 has other moves here",
    ),
    "fewer moves": (
        HEADER + 'p "" 1 1 "" { "a" "b" } 0\np "" 1 1 "" { "a" } 0\nt "" 0',
        "5: information set 1 has other moves here",
    ),
    "other name of a set": (
        HEADER + 'p "" 1 1 "s" { "a" } 0\np "" 1 1 "r" { "a" } 0\nt "" 0',
        "5: information set 1 is 'r' here; it began as 's'",
    ),
    "other probabilities": (
        HEADER + 'c "" 1 "" { "a" 1 } 0\nc "" 1 "" { "a" 1.0001 } 0\nt "" 0',
        "5: information set 1 has other moves here",
    ),
    "sum of chance": (HEADER + 'c "" 1 "" { "a" 1/2 "b" 1/3 } 0', "probabilities of chance sum to"),
    "huge chance": (HEADER + 'c "" 1 "" { "a" 1e308 "b" 1e308 } 0', "chance sum to inf"),
    "sum of chance is 0": (HEADER + 'c "" 1 "" { "a" 0 "b" 0 } 0', "chance sum to 0"),
    "negative chance": (HEADER + 'c "" 1 "" { "a" 2 "b" -1 } 0', "a probability of chance is -1"),
    "no chance": (HEADER + 'c "" 1 "" { "a" "b" } 0', "4: expected a probability; found 'b'"),
    "not a number": (
        HEADER + 't "" 1 "win" { nan 2 }',
        "4: expected a payoff, or '}'; found 'nan'",
    ),
    "infinite": (HEADER + 't "" 1 "win" { 1 -inf }', "4: '-inf' is not understood"),
    "division by zero": (HEADER + 't "" 1 "" { 1/0 2 }', "4: expected a payoff"),
    "too many digits": (HEADER + f't "" 1 "" {{ {"9" * 5000} 2 }}', "4: expected a payoff"),
    "too large": (HEADER + 't "" 1 "" { 1e999 2 }', "4: expected a payoff, or '}' that a computer"),
    "too large a quotient": (HEADER + 't "" 1 "" { 1e999/3 2 }', "4: expected a payoff"),
    "far too large": (HEADER + 't "" 1 "" { 1e99999 2 }', "4: '1e99999' is not understood"),
    "too few payoffs": (HEADER + 't "" 1 "" { 1 }', "outcome 1 has 1 payoffs; there are 2 players"),
    "too many payoffs": (HEADER + 't "" 1 "" { 1 2 3 }', "outcome 1 has 3 payoffs"),
    "payoffs left open": (HEADER + 't "" 1 "" { 1 2', "4: the file ends; expected a payoff"),
    "other payoffs": (
        HEADER + 'p "" 1 1 "" { "a" "b" } 0\nt "" 1 "" { 1 2 }\nt "" 1 "" { 1 3 }',
        "6: outcome 1 has other payoffs here",
    ),
    "other name of an outcome": (
        HEADER + 'p "" 1 1 "" { "a" "b" } 0\nt "" 1 "w" { 1 2 }\nt "" 1 "v" { 1 2 }',
        "6: outcome 1 is 'v' here; it was 'w' before",
    ),
    "payoffs unknown": (HEADER + 't "" 4', "4: outcome 4 has no payoffs"),
    "payoffs of no outcome": (HEADER + 't "" 0 "" { 1 2 }', "4: outcome 0 is no outcome"),
    "no file": ("\0", "1: '\0' is not understood"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_their_line(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    path = written(tmp_path, text)
    with pytest.raises(GameError) as caught:
        read_efg(path)
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("efg") / "game.efg"


PIECES = ['"', "{", "}", "\\", '\\"', "0", "-", "1e400", "1/0", ",", "nan", "p", "\n", "\u00a0", ""]


@given(
    cuts=st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 9), st.sampled_from(PIECES)), max_size=4
    ),
    length=st.none() | st.integers(0, 400),
)
def test_a_damaged_file_is_read_or_refused(
    scratch: Path, cuts: list[tuple[int, int, str]], length: int | None
) -> None:
    text = HEADER + NODES
    for at, gone, piece in cuts:
        text = text[:at] + piece + text[at + gone :]
    scratch.write_bytes(text[:length].encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            game = read_efg(scratch)
            require_good_numbers(game, own_numbers(game))
        except GameError as error:
            refused = str(error)
            event("refused")
        else:
            refused = f"{scratch}:"
            event("read")
    assert refused.startswith(f"{scratch}:")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(GameError, match=r"nowhere\.efg: cannot be read"):
        read_efg(tmp_path / "nowhere.efg")
    (tmp_path / "latin.efg").write_bytes(b'EFG 2 R\n"\xe9"')
    with pytest.raises(GameError, match=r"latin\.efg:2: cannot be read: the byte 0xe9 is no UTF-8"):
        read_efg(tmp_path / "latin.efg")
