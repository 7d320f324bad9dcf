"""Extensive games in Gambit's `.efg` format (version 2), read into the arrays of `Game`.

The grammar: https://gambitproject.readthedocs.io/en/latest/formats.efg.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from escalade.errors import Fault, GameError
from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables

MOST_NODES = 5_000_000
MOST_DIGITS = 400

_TOKEN = re.compile(
    r"""(?P<space>[\s,]+)
      | "(?P<text>(?:[^"\\]|\\.)*)"
      | (?P<brace>[{}])
      | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?(?:/\d+)?)(?=[\s,{}"]|$)
      | (?P<word>[A-Za-z]\w*)""",
    re.VERBOSE | re.DOTALL,
)


class EfgGame(NamedTuple):
    """A game and its numbers as one draw, so that ``solve(*read_efg(path))`` works."""

    game: Game
    tables: Tables


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


@dataclass(slots=True)
class _Set:
    """An information set (of an actor or of chance) as first written."""

    actions: list[str]
    probabilities: list[float]
    name: str
    index: int


@dataclass(slots=True)
class _Node:
    """A node as written; an actor of -1 is chance, -2 an end."""

    actor: int
    key: _Set | None
    outcome: int
    parent: int
    branch: int
    children: list[int] = field(default_factory=list)


def read_efg(path: Path | str) -> EfgGame:
    """Read an extensive game.

    Actors have one type each: types written as moves of chance stay moves of chance. Information
    sets are numbered by actor, then by first appearance in the file. Habit is uniform and precision
    is 1; replace `tables.precision` for another.

    Args:
        path: The file.

    Raises:
        GameError: When the file cannot be read, with its line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GameError(f"{path}: cannot be read: {error}") from None
    return _Reader(text, str(path)).game()


class _Reader:
    """One pass over the tokens; the tree is written in preorder."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.tokens = list(self._tokens())
        self.at = 0
        self.actors: list[str] = []
        self.sets: dict[tuple[int, int], _Set] = {}
        self.outcomes: dict[int, tuple[str, list[float]]] = {}
        self.nodes: list[_Node] = []

    def game(self) -> EfgGame:
        """The whole file."""
        self._header()
        self._tree()
        return _assemble(self.actors, self.nodes, self.sets, self.outcomes)

    # Tokens

    def _tokens(self) -> Iterator[_Token]:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self._fault(at, f"'{self.text[at : at + 20].split()[0]}' is not understood")
            if match.lastgroup != "space":
                kind = str(match.lastgroup)
                yield _Token(kind, match.group(kind), at)
            at = match.end()

    def _fault(self, offset: int, message: str, advice: str = "") -> GameError:
        line = self.text.count("\n", 0, offset) + 1
        start = self.text.rfind("\n", 0, offset) + 1
        source = self.text[start:].split("\n", 1)[0]
        return GameError(str(Fault(message, advice, self.file, line, offset - start + 1, source)))

    def _wrong(self, expected: str) -> GameError:
        if self.at >= len(self.tokens):
            return self._fault(len(self.text.rstrip()), f"the file ends; expected {expected}")
        token = self.tokens[self.at]
        return self._fault(token.offset, f"expected {expected}; found '{token.text[:40]}'")

    def _peek(self, kind: str, text: str | None = None) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind == kind and (text is None or token.text == text)

    def _next(self, kind: str, expected: str, text: str | None = None) -> str:
        if not self._peek(kind, text):
            raise self._wrong(expected)
        self.at += 1
        return self.tokens[self.at - 1].text

    def _integer(self, expected: str) -> int:
        if not self._peek("number") or not self.tokens[self.at].text.lstrip("+-").isdigit():
            raise self._wrong(expected)
        text = self._next("number", expected)
        if len(text) > MOST_DIGITS:
            self.at -= 1
            raise self._wrong(f"{expected} of fewer digits")
        return int(text)

    def _number(self, expected: str) -> float:
        text = self._next("number", expected)
        try:
            if len(text) > MOST_DIGITS:
                raise ValueError
            value = float(Fraction(*map(Fraction, text.split("/"))))
        except (ValueError, ZeroDivisionError, OverflowError):
            self.at -= 1
            raise self._wrong(f"{expected} that a computer can hold") from None
        return value

    # Grammar

    def _header(self) -> None:
        self._next("word", "'EFG', the first word of the format", "EFG")
        if self._integer("format version 2") != 2:
            self.at -= 1
            raise self._wrong("format version 2")
        self._next("word", "'R' (or 'D')")
        self._next("text", "the title in quotes")
        self._next("brace", "the players in braces", "{")
        while not self._peek("brace", "}"):
            self.actors.append(self._next("text", "a player's name in quotes, or '}'"))
        self.at += 1
        if self._peek("text"):
            self.at += 1

    def _tree(self) -> None:
        open_branches: list[tuple[int, int]] = [(-1, 0)]
        while open_branches:
            parent, branch = open_branches.pop()
            node = self._node(parent, branch)
            index = len(self.nodes)
            if index >= MOST_NODES:
                raise self._wrong(f"no more than {MOST_NODES:,} nodes")
            self.nodes.append(node)
            if parent >= 0:
                self.nodes[parent].children.append(index)
            if node.key is not None:
                n = len(node.key.actions)
                open_branches += [(index, b) for b in range(n - 1, -1, -1)]
        if self.at < len(self.tokens):
            raise self._wrong("the end of the file: every branch has its node")

    def _node(self, parent: int, branch: int) -> _Node:
        if not self._peek("word") or self.tokens[self.at].text not in ("c", "p", "t"):
            raise self._wrong("a node: 'c', 'p' or 't'")
        kind = self._next("word", "a node")
        if self._peek("text"):
            self.at += 1
        if kind == "t":
            return _Node(END, None, self._outcome(), parent, branch)
        actor = CHANCE
        if kind == "p":
            actor = self._integer("the number of a player") - 1
            if not 0 <= actor < len(self.actors):
                self.at -= 1
                raise self._wrong(f"the number of a player, 1 to {len(self.actors)}")
        key = self._set(actor)
        return _Node(actor, key, self._outcome(), parent, branch)

    def _set(self, actor: int) -> _Set:
        offset = self.tokens[self.at].offset if self.at < len(self.tokens) else len(self.text)
        number = self._integer("the number of an information set")
        name = self._next("text", "a name") if self._peek("text") else ""
        known = self.sets.get((actor, number))
        if not self._peek("brace", "{"):
            if known is None:
                raise self._wrong("the moves in braces, at the first node of an information set")
            return known
        self.at += 1
        actions, probabilities = [], []
        while not self._peek("brace", "}"):
            actions.append(self._next("text", "a move's name in quotes, or '}'"))
            if actor == CHANCE:
                probabilities.append(self._number("a probability"))
        self.at += 1
        if not actions:
            raise self._fault(offset, "an information set without moves")
        if known is not None:
            if known.actions != actions or known.probabilities != probabilities:
                raise self._fault(
                    offset, f"information set {number} has other moves here than where it began"
                )
            return known
        if actor == CHANCE:
            self._require_probabilities(offset, probabilities)
        self.sets[actor, number] = _Set(actions, probabilities, name, len(self.sets))
        return self.sets[actor, number]

    def _require_probabilities(self, offset: int, probabilities: list[float]) -> None:
        if min(probabilities) < 0:
            raise self._fault(offset, f"a probability of chance is {min(probabilities)}")
        if abs(sum(probabilities) - 1) > 1e-9:
            raise self._fault(
                offset,
                f"probabilities of chance sum to {sum(probabilities):.12g}",
                "they must sum to 1",
            )

    def _outcome(self) -> int:
        number = self._integer("the number of an outcome")
        offset = self.tokens[self.at - 1].offset
        name = self._next("text", "a name") if self._peek("text") else ""
        if self._peek("brace", "{"):
            self.at += 1
            payoffs = []
            while not self._peek("brace", "}"):
                payoffs.append(self._number("a payoff, or '}'"))
            self.at += 1
            if len(payoffs) != len(self.actors):
                raise self._fault(
                    offset,
                    f"outcome {number} has {len(payoffs)} payoffs; "
                    f"there are {len(self.actors)} players",
                )
            known = self.outcomes.setdefault(number, (name, payoffs))
            if known[1] != payoffs:
                raise self._fault(offset, f"outcome {number} has other payoffs here than before")
        elif number != 0 and number not in self.outcomes:
            raise self._fault(offset, f"outcome {number} has no payoffs")
        return number


def _assemble(
    actors: list[str],
    nodes: list[_Node],
    sets: dict[tuple[int, int], _Set],
    outcomes: dict[int, tuple[str, list[float]]],
) -> EfgGame:
    """Number nodes by breadth, information sets by actor, and fill the arrays."""
    order = [0]
    for node in order:
        order += nodes[node].children
    new = {old: i for i, old in enumerate(order)}
    own = sorted((a, s.index) for (a, _), s in sets.items() if a >= 0)
    infoset_of = {index: i for i, (_, index) in enumerate(own)}
    by_index = {s.index: s for s in sets.values()}
    shown = [by_index[index] for _, index in own]
    moves: dict[str, int] = {}
    for s in sets.values():
        for name in s.actions:
            moves.setdefault(name, len(moves))
    chance_start: dict[int, int] = {}
    chances: list[float] = []
    for (actor, _), s in sets.items():
        if actor == CHANCE:
            chance_start[s.index] = len(chances)
            chances += [p / sum(s.probabilities) for p in s.probabilities]
    numbered = {0: 0} | {n: 1 + i for i, n in enumerate(n for n in outcomes if n != 0)}
    columns = np.full((10, len(order)), -1, dtype=np.int32)
    level = [0] * len(order)
    for i, old in enumerate(order):
        node = nodes[old]
        parent = nodes[node.parent] if node.parent >= 0 else None
        key = parent.key if parent else None
        level[i] = level[new[node.parent]] + 1 if parent else 0
        columns[:, i] = (
            new[node.parent] if parent else -1,
            new[node.children[0]] if node.children else -1,
            len(node.children),
            node.actor,
            infoset_of[node.key.index] if node.key and node.actor >= 0 else -1,
            level[i],
            moves[key.actions[node.branch]] if key else -1,
            numbered[node.outcome],
            chance_start[key.index] + node.branch if parent and key and parent.actor < 0 else -1,
            numbered[node.outcome] - 1 if node.actor == END else -1,
        )
    most = max((len(s.actions) for s in shown), default=1)
    game = Game(
        tuple(actors),
        tuple(("",) for _ in actors),
        tuple(moves),
        tuple(outcomes[n][0] or str(n) for n in numbered if n != 0),
        *columns,
        infoset_mover=np.array([a for a, _ in own], dtype=np.int32),
        infoset_actions=np.array([len(s.actions) for s in shown], dtype=np.int32),
        infoset_habit=np.zeros(len(own), dtype=np.int32),
        infoset_names=tuple(
            s.name or f"{actors[a]} {i + 1}"
            for i, ((a, _), s) in enumerate(zip(own, shown, strict=True))
        ),
    )
    payoff = np.zeros((len(numbered), len(actors), 1))
    for number, row in numbered.items():
        if number in outcomes:
            payoff[row, :, 0] = outcomes[number][1]
    tables = Tables(
        payoff=payoff,
        chance=np.array(chances, dtype=float).reshape(-1, 1),
        habit=np.ones((most, 1)),
        precision=np.ones((len(actors), 1)),
        prior=np.ones((len(actors) + 1, len(actors), 1)),
    )
    return EfgGame(game, tables)
