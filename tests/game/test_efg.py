"""Reading extensive games in Gambit's format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from escalade.errors import GameError
from escalade.game.efg import read_efg
from escalade.game.game import CHANCE, END, require_perfect_recall

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
    path.write_text(text, encoding="utf-8")
    return path


def test_a_game_is_read_with_its_numbers(tmp_path: Path) -> None:
    game, tables = read_efg(written(tmp_path, HEADER + NODES))
    assert game.actors == ("Ann", "Bob")
    assert [len(names) for names in game.types] == [1, 1]
    assert list(game.mover[:3]) == [CHANCE, 1, 1]
    assert list(game.parent) == [-1, 0, 0, 1, 1, 2, 2, 5, 5]
    assert game.infoset_names == ("Ann", "Bob, first")
    assert game.action_names(1) == ("up", "down")
    assert game.action_names(0) == ("up", "up")
    assert_allclose(tables.chance[game.chance[1:3], 0], [1 / 3, 2 / 3])
    assert_allclose(tables.payoff[game.payoff[1], :, 0], [-0.25, 0])
    assert_allclose(tables.payoff[game.payoff[3], :, 0], [1.5, -2])
    assert game.payoff[2] == 0
    assert tables.payoff[0].sum() == 0
    assert list(game.outcome[game.mover == END]) == [1, 2, 1, 1, 2]
    assert game.outcomes == ("toll", "win", "2")
    assert (game.outcome[game.mover != END] == -1).all()


def test_information_sets_are_numbered_by_actor_then_by_appearance(shared: Path) -> None:
    game, _ = read_efg(shared / "golden" / "efg" / "crisis_k2_T2_n2.efg")
    assert game.infoset_names == ("i1_1", "i1_2", "i2_1", "i2_2", "i2_3", "i2_4")
    assert list(game.infoset_mover) == [0, 0, 1, 1, 1, 1]


def test_all_games_of_the_golden_set_are_read(shared: Path) -> None:
    files = sorted((shared / "golden" / "efg").rglob("*.efg"))
    assert len(files) > 50
    for file in files:
        game, tables = read_efg(file)
        assert (game.parent[1:] < np.arange(1, game.n_nodes)).all(), file
        assert tables.n_draws == 1


def test_games_without_perfect_recall_are_told_apart(shared: Path) -> None:
    folder = shared / "golden" / "efg" / "tests" / "test_games"
    for file in sorted(folder.glob("noPR-*.efg")):
        game, _ = read_efg(file)
        with pytest.raises(GameError, match="imperfect recall: at '"):
            require_perfect_recall(game)


BAD = {
    "empty": ("", "1: the file ends; expected 'EFG'"),
    "another format": ("NFG 1 R", "1: expected 'EFG'"),
    "another version": ('EFG 3 R "x" { }', "1: expected format version 2"),
    "stray sign": (HEADER + "p ? 1", "4: '?' is not understood"),
    "quote left open": (HEADER + 'p "root', "4: '\"root' is not understood"),
    "not a node": (HEADER + "q", "4: expected a node: 'c', 'p' or 't'; found 'q'"),
    "missing branch": (HEADER + 'p "" 1 1 "" { "a" "b" } 0\nt "" 0\n', "5: the file ends"),
    "too many nodes": (HEADER + 't "" 0\nt "" 0\n', "5: expected the end of the file"),
    "no such player": (HEADER + 'p "" 3 1 "" { "a" } 0', "expected the number of a player, 1 to 2"),
    "moves unknown": (HEADER + 'p "" 1 1 0', "4: expected the moves in braces"),
    "no moves": (HEADER + 'p "" 1 1 "" { } 0', "an information set without moves"),
    "other moves": (
        HEADER + 'p "" 1 1 "" { "a" } 0\np "" 1 1 "" { "b" } 0\nt "" 0',
        "5: information set 1 has other moves here",
    ),
    "sum of chance": (HEADER + 'c "" 1 "" { "a" 1/2 "b" 1/3 } 0', "probabilities of chance sum to"),
    "negative chance": (HEADER + 'c "" 1 "" { "a" 2 "b" -1 } 0', "a probability of chance is -1"),
    "division by zero": (HEADER + 't "" 1 "" { 1/0 2 }', "4: expected a payoff"),
    "too many digits": (HEADER + f't "" 1 "" {{ {"9" * 5000} 2 }}', "4: expected a payoff"),
    "too large": (HEADER + 't "" 1 "" { 1e999 2 }', "4: expected a payoff"),
    "too few payoffs": (HEADER + 't "" 1 "" { 1 }', "outcome 1 has 1 payoffs; there are 2 players"),
    "other payoffs": (
        HEADER + 'p "" 1 1 "" { "a" "b" } 0\nt "" 1 "" { 1 2 }\nt "" 1 "" { 1 3 }',
        "6: outcome 1 has other payoffs here",
    ),
    "payoffs unknown": (HEADER + 't "" 4', "4: outcome 4 has no payoffs"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_with_their_line(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    path = written(tmp_path, text)
    with pytest.raises(GameError) as caught:
        read_efg(path)
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(GameError, match=r"nowhere\.efg: cannot be read"):
        read_efg(tmp_path / "nowhere.efg")
    (tmp_path / "latin.efg").write_bytes(b'EFG 2 R "\xe9"')
    with pytest.raises(GameError, match=r"latin\.efg: cannot be read"):
        read_efg(tmp_path / "latin.efg")
