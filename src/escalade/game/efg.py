"""Extensive games in Gambit's `.efg` format (version 2), read into the arrays of `Game`.

The grammar: https://gambitproject.readthedocs.io/en/latest/formats.efg.html
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from escalade.errors import Fault, GameError
from escalade.game.efg_labels import distinct
from escalade.game.efg_tokens import Tokens
from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables

MOST_NODES = 5_000_000
ROUNDING = Fraction(1, 1000)  # thirds written with three decimals
FLOATING = Fraction(1, 10**12)  # what sums of floating-point numbers are off by


@dataclass(slots=True)
class _Set:
    """An information set (of an actor or of chance) as first written."""

    actions: list[str]
    exact: list[Fraction]
    name: str
    index: int
    labels: tuple[str, ...]


@dataclass(slots=True)
class _Node:
    """A node as written; an actor of -1 is chance, -2 an end."""

    actor: int
    key: _Set | None
    outcome: int
    parent: int
    branch: int
    children: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Outcome:
    """An outcome as first written."""

    name: str
    payoffs: list[float]


def read_efg(path: Path | str) -> Game:
    """Read an extensive game, with its numbers as one draw in `Game.tables`.

    Actors have one type each: types written as moves of chance stay moves of chance. Information
    sets are numbered by actor, then by first appearance in the file. Habit is uniform and precision
    is 1. Actors, outcomes, information sets of an actor and
    moves of an information set that share a label are told apart by numbers, as Gambit does it.
    Names of nodes and of chance events and the comment are left out.

    Probabilities of chance that do not sum to 1 are divided by their sum. When they are off by more
    than floating-point numbers are, there is a warning (`UserWarning`) with the line; when they
    are off by more than 0.001 it is a mistake, and the file is refused.

    Args:
        path: The file.

    Raises:
        GameError: When the file cannot be read, with its line.
    """
    reader = _Reader(Tokens(_text(Path(path)), str(path)))
    read = reader.game()
    if reader.doubts:
        more = f"\n    and {len(reader.doubts) - 1} more like it" if reader.doubts[1:] else ""
        warnings.warn(f"{reader.tokens.fault(*reader.doubts[0])}{more}", stacklevel=2)
    return read


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise GameError(f"{path}: cannot be read: {error}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"cannot be read: the byte {data[error.start]:#04x} is no UTF-8"
        raise GameError(str(Fault(message, "save the file as UTF-8", str(path), line))) from None


class _Reader:
    """One pass over the tokens; the tree is written in preorder."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.actors: list[str] = []
        self.sets: dict[tuple[int, int], _Set] = {}
        self.outcomes: dict[int, _Outcome] = {}
        self.nodes: list[_Node] = []
        self.doubts: list[tuple[int, str, str]] = []

    def game(self) -> Game:
        """The whole file."""
        title = self._header()
        self._tree()
        return _Assembly(distinct(self.actors), self.nodes, self.sets, self.outcomes).game(title)

    def _header(self) -> str:
        tokens = self.tokens
        tokens.take("word", "'EFG', the first word of the format", "EFG")
        tokens.take("number", "format version 2", "2")
        if tokens.accept("word", "D") is None:
            tokens.take("word", "'R' (or 'D')", "R")
        title = tokens.take("text", "the title in quotes")
        tokens.take("brace", "the players in braces", "{")
        while tokens.accept("brace", "}") is None:
            self.actors.append(tokens.take("text", "a player's name in quotes, or '}'"))
        tokens.accept("text")
        return " ".join(title.split())

    def _tree(self) -> None:
        open_branches: list[tuple[int, int]] = [(-1, 0)]
        while open_branches:
            parent, branch = open_branches.pop()
            index = len(self.nodes)
            if index >= MOST_NODES:
                raise self.tokens.wrong(f"no more than {MOST_NODES:,} nodes")
            node = self._node(parent, branch)
            self.nodes.append(node)
            if parent >= 0:
                self.nodes[parent].children.append(index)
            if node.key is not None:
                n = len(node.key.actions)
                open_branches += [(index, b) for b in range(n - 1, -1, -1)]
        if self.tokens.kind != "end":
            raise self.tokens.wrong("the end of the file: every branch has its node")

    def _node(self, parent: int, branch: int) -> _Node:
        tokens = self.tokens
        if tokens.kind != "word" or tokens.value not in ("c", "p", "t"):
            raise tokens.wrong("a node: 'c', 'p' or 't'")
        kind = tokens.take("word", "a node")
        tokens.accept("text")
        if kind == "t":
            return _Node(END, None, self._outcome(), parent, branch)
        actor = CHANCE
        if kind == "p":
            offset = tokens.offset
            actor = tokens.integer("the number of a player") - 1
            if not 0 <= actor < len(self.actors):
                message = f"there is no player {actor + 1}"
                raise tokens.refuse(offset, message, f"the header names {len(self.actors)}")
        key = self._set(actor)
        return _Node(actor, key, self._outcome(), parent, branch)

    def _set(self, actor: int) -> _Set:
        tokens, offset = self.tokens, self.tokens.offset
        number = tokens.integer("the number of an information set")
        name = tokens.accept("text") or ""
        known = self.sets.get((actor, number))
        actions, exact = self._moves(actor, offset) if tokens.has("brace", "{") else ([], [])
        if known is None:
            if not actions:
                raise tokens.wrong("the moves in braces, at the first node of an information set")
            if actor == CHANCE:
                self._require_shares(offset, exact)
            known = _Set(actions, exact, name, len(self.sets), distinct(actions))
            self.sets[actor, number] = known
        elif actions and (known.actions != actions or known.exact != exact):
            raise tokens.refuse(
                offset, f"information set {number} has other moves here than where it began"
            )
        elif name and name != known.name:
            raise tokens.refuse(
                offset, f"information set {number} is '{name}' here; it began as '{known.name}'"
            )
        return known

    def _moves(self, actor: int, offset: int) -> tuple[list[str], list[Fraction]]:
        tokens = self.tokens
        tokens.take("brace", "the moves in braces", "{")
        actions, exact = [], []
        while tokens.accept("brace", "}") is None:
            actions.append(tokens.take("text", "a move's name in quotes, or '}'"))
            if actor == CHANCE:
                exact.append(tokens.exact("a probability"))
        if not actions:
            raise tokens.refuse(offset, "an information set without moves")
        return actions, exact

    def _require_shares(self, offset: int, exact: list[Fraction]) -> None:
        if min(exact) < 0:
            raise self.tokens.refuse(offset, f"a probability of chance is {float(min(exact)):g}")
        off = abs(sum(exact) - 1)
        message = f"probabilities of chance sum to {sum(map(float, exact)):.12g}"
        if off > ROUNDING:
            raise self.tokens.refuse(offset, message, "they must sum to 1")
        if off > FLOATING:
            advice = "they are divided by their sum; quotients like 1/3 are exact"
            self.doubts.append((offset, message, advice))

    def _outcome(self) -> int:
        tokens, offset = self.tokens, self.tokens.offset
        number = tokens.integer("the number of an outcome")
        name = tokens.accept("text")
        payoffs = self._payoffs(number, offset) if tokens.has("brace", "{") else None
        if number == 0:
            if name is not None or payoffs is not None:
                message = "outcome 0 is no outcome: it can have no name and no payoffs"
                raise tokens.refuse(offset, message, "give it another number")
            return number
        if payoffs is None and number not in self.outcomes:
            message = f"outcome {number} has no payoffs"
            raise tokens.refuse(offset, message, "write them where it stands first")
        known = self.outcomes.setdefault(number, _Outcome(name or "", payoffs or []))
        if payoffs is not None and known.payoffs != payoffs:
            raise tokens.refuse(offset, f"outcome {number} has other payoffs here than before")
        if name and name != known.name:
            message = f"outcome {number} is '{name}' here; it was '{known.name}' before"
            raise tokens.refuse(offset, message)
        return number

    def _payoffs(self, number: int, offset: int) -> list[float]:
        tokens, payoffs = self.tokens, []
        tokens.take("brace", "the payoffs in braces", "{")
        while tokens.accept("brace", "}") is None:
            payoffs.append(tokens.number("a payoff, or '}'"))
        if len(payoffs) != len(self.actors):
            message = f"outcome {number} has {len(payoffs)} payoffs"
            raise tokens.refuse(offset, f"{message}; there are {len(self.actors)} players")
        return payoffs


class _Assembly:
    """The arrays of what was read: nodes numbered by breadth, information sets by actor."""

    def __init__(
        self,
        actors: tuple[str, ...],
        nodes: list[_Node],
        sets: dict[tuple[int, int], _Set],
        outcomes: dict[int, _Outcome],
    ) -> None:
        self.actors, self.outcomes, self.sets = actors, outcomes, list(sets.values())
        order = [0]
        for old in order:
            order += nodes[old].children
        self.order, self.nodes = order, [nodes[old] for old in order]
        self.chances = [s for (actor, _), s in sets.items() if actor == CHANCE]
        own = [(actor, s) for (actor, _), s in sets.items() if actor >= 0]
        self.own = sorted(own, key=lambda pair: (pair[0], pair[1].index))
        self.rows = {0: 0} | {number: 1 + i for i, number in enumerate(outcomes)}
        self.moves: dict[str, int] = {}
        for s in self.sets:
            for label in s.labels:
                self.moves.setdefault(label, len(self.moves))

    def game(self, title: str) -> Game:
        """The game and its numbers."""
        columns: dict[str, Any] = {
            name: np.array(c, dtype=np.int32) for name, c in self._columns().items()
        }
        return Game(
            actors=self.actors,
            types=tuple(("",) for _ in self.actors),
            moves=tuple(self.moves),
            outcomes=distinct([outcome.name or str(n) for n, outcome in self.outcomes.items()]),
            **columns,
            infoset_mover=np.array([actor for actor, _ in self.own], dtype=np.int32),
            infoset_actions=np.array([len(s.actions) for _, s in self.own], dtype=np.int32),
            infoset_habit=np.zeros(len(self.own), dtype=np.int32),
            infoset_names=self._set_names(),
            title=title,
            tables=self._tables(),
        )

    def _set_names(self) -> tuple[str, ...]:
        """[infoset] Its name, distinct among those of its actor."""
        names: list[list[str]] = [[] for _ in self.actors]
        for i, (actor, s) in enumerate(self.own):
            names[actor].append(s.name or f"{self.actors[actor]} {i + 1}")
        return tuple(name for mine in names for name in distinct(mine))

    def _columns(self) -> dict[str, ArrayLike]:
        """The arrays of `Game` with one entry per node, in its order."""
        new = np.full(len(self.nodes) + 1, -1)  # the last entry: -1 stays -1
        new[self.order] = np.arange(len(self.nodes))
        parent = new[[node.parent for node in self.nodes]]
        level = [0] * len(self.nodes)
        for i, above in enumerate(parent[1:].tolist(), start=1):
            level[i] = level[above] + 1
        mover = np.array([node.actor for node in self.nodes])
        row = np.array([self.rows[node.outcome] for node in self.nodes])
        key = np.array([-1 if node.key is None else node.key.index for node in self.nodes])
        move, chance = self._branches(np.where(parent >= 0, key[parent], -1))
        return {
            "parent": parent,
            "first_child": new[[node.children[0] if node.children else -1 for node in self.nodes]],
            "n_children": [len(node.children) for node in self.nodes],
            "mover": mover,
            "infoset": self._of_sets({s.index: i for i, (_, s) in enumerate(self.own)})[key],
            "level": level,
            "move": move,
            "payoff": row,
            "chance": chance,
            "outcome": np.where(mover == END, row - 1, -1),
        }

    def _branches(self, above: NDArray[np.int64]) -> tuple[ArrayLike, ArrayLike]:
        """[node] Move and row of chance of the branch into each node, given the set above."""
        branch = np.array([node.branch for node in self.nodes])
        moves = np.array([self.moves[x] for s in self.sets for x in s.labels] + [-1])
        starts = np.cumsum([0, *(len(s.actions) for s in self.sets)])
        first = np.cumsum([0, *(len(s.actions) for s in self.chances)]).tolist()
        row = self._of_sets({s.index: first[i] for i, s in enumerate(self.chances)})[above]
        return moves[starts[above] + branch], np.where(row >= 0, row + branch, -1)

    def _of_sets(self, values: dict[int, int]) -> NDArray[np.int64]:
        """[set + 1] The values, and -1 where there is none."""
        return np.array([values.get(i, -1) for i in range(len(self.sets))] + [-1])

    def _tables(self) -> Tables:
        n = len(self.actors)
        payoff = np.zeros((len(self.rows), n, 1))
        for number, outcome in self.outcomes.items():
            payoff[self.rows[number], :, 0] = outcome.payoffs
        chances: list[float] = []
        for s in self.chances:
            total = sum(s.exact)
            chances += [float(share / total) for share in s.exact]
        return Tables(
            payoff=payoff,
            chance=np.array(chances, dtype=float).reshape(-1, 1),
            habit=np.ones((max((len(s.actions) for _, s in self.own), default=1), 1)),
            precision=np.ones((n, 1)),
            prior=np.ones((n + 1, n, 1)),
        )
