"""The tree of a model: turns, and the ends that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalade.errors import Fault, GameError, ScenarioError
from escalade.game.game import CHANCE, END, Game
from escalade.scenario.faults import quote
from escalade.scenario.source import Source

NATURE = "chance"
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Leaf:
    """An end of the tree; leaves with one outcome are one to everybody.

    Attributes:
        outcome: Index of its outcome.
    """

    outcome: int


@dataclass(frozen=True)
class Turn:
    """A point of the tree at which an actor moves, or chance does.

    Attributes:
        actor: Index of the actor, or `CHANCE`.
        moves: Names of the moves or events.
        branches: What each leads to.
        chances: Probabilities of the events where chance moves.
    """

    actor: int
    moves: tuple[str, ...]
    branches: tuple[Turn | Leaf, ...]
    chances: tuple[float, ...] = ()


@dataclass(frozen=True)
class Offer(Turn):
    """A turn at which an actor offers an amount, which the others see.

    What the actor has if the play ends in one outcome is known to it alone; the more it has, the
    less it offers, and so the offer tells how much it was.

    Attributes:
        low: Least that can be offered.
        high: Most that can be offered.
        private: The outcome whose utility to the actor has a private shock.
    """

    low: float = 0.0
    high: float = 1.0
    private: int = 0


@dataclass(frozen=True)
class Tree:
    """A tree of perfect information.

    Attributes:
        actors: Their names, in the order in which they first move.
        outcomes: Names of the outcomes, in the order of the tree.
        root: The first turn.
    """

    actors: tuple[str, ...]
    outcomes: tuple[str, ...]
    root: Turn


def turns(node: Turn | Leaf) -> Iterator[Turn]:
    """The turns of a tree, a turn before those below it."""
    if isinstance(node, Turn):
        yield node
        for branch in node.branches:
            yield from turns(branch)


def outcomes_below(node: Turn | Leaf) -> tuple[int, ...]:
    """Outcomes that can still be reached, in order."""
    if isinstance(node, Leaf):
        return (node.outcome,)
    return tuple(sorted({o for branch in node.branches for o in outcomes_below(branch)}))


def tree_of_game(game: Game) -> Tree:
    """The tree of a game of perfect information without private types.

    Raises:
        GameError: When somebody cannot tell two histories apart, has private types, or when a
            move itself has a payoff.
    """
    if any(len(names) > 1 for names in game.types):
        raise GameError("the game has private types; give its utilities as a scenario")
    if game.n_infosets < int((game.infoset >= 0).sum()):
        raise GameError("an information set of the game has several nodes")
    if game.payoff[game.mover != END].any():
        raise GameError("a move of the game has a payoff of its own; put it at the ends")

    def grown(node: int) -> Turn | Leaf:
        if game.mover[node] == END:
            return Leaf(int(game.outcome[node]))
        first = int(game.first_child[node])
        below = range(first, first + int(game.n_children[node]))
        moves = tuple(game.moves[game.move[child]] for child in below)
        chances: tuple[float, ...] = ()
        if game.mover[node] == CHANCE:
            if game.tables is None:
                raise GameError("the game came without the probabilities of its chances")
            chances = tuple(float(game.tables.chance[game.chance[c], 0]) for c in below)
        return Turn(int(game.mover[node]), moves, tuple(map(grown, below)), chances)

    root = grown(0)
    if isinstance(root, Leaf):
        raise GameError("nobody moves in the game")
    return Tree(game.actors, game.outcomes, root)


def tree_of_file(source: Source) -> Tree:
    """The tree that a model file draws.

    A turn is a mapping with one key, the actor; below it each move with what it leads to: the name
    of an end, or the next turn. Below ``chance`` an event is a mapping of ``p`` and ``then``.

    Raises:
        ScenarioError: With every fault and its line.
    """
    reader = _Reader(source)
    root = reader.node(source.data["tree"], ("tree",))
    if reader.faults or not isinstance(root, Turn):
        raise ScenarioError(reader.faults)
    return Tree(tuple(reader.actors), tuple(reader.outcomes), root)


class _Reader:
    """Reads turns, and notes faults."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.actors: list[str] = []
        self.outcomes: list[str] = []
        self.faults: list[Fault] = []

    def node(self, data: object, path: Path) -> Turn | Leaf:
        """A turn or an end."""
        if isinstance(data, str) and data.strip():
            return Leaf(_index(self.outcomes, data))
        if not isinstance(data, dict) or len(data) != 1:
            message = "a turn has one actor, and an end is a name"
            return self._wrong(path, message, "Write `actor: {move: end, other move: end}`.")
        ((actor, moves),) = data.items()
        path = (*path, actor)
        if isinstance(moves, dict) and len(moves) == 1:
            ((name, inner),) = moves.items()
            if isinstance(inner, dict) and "private" in inner:
                return self._offer(actor, name, inner, (*path, name))
        if not isinstance(moves, dict) or len(moves) < 2:
            message = f"{quote(actor)} has fewer than two moves here"
            return self._wrong(path, message, "Write `{move: end, other move: end}`.")
        if actor == NATURE:
            return self._chance(moves, path)
        number = _index(self.actors, actor)
        below = tuple(self.node(inner, (*path, move)) for move, inner in moves.items())
        return Turn(number, tuple(moves), below)

    def _chance(self, events: dict[str, object], path: Path) -> Turn | Leaf:
        below, chances = [], []
        for name, event in events.items():
            p = event.get("p") if isinstance(event, dict) else None
            if not isinstance(event, dict) or not isinstance(p, int | float) or not 0 < p < 1:
                message = f"{quote(name)} needs a probability between 0 and 1"
                return self._wrong((*path, name), message, "Write `{p: 0.5, then: end}`.")
            chances.append(float(p))
            below.append(self.node(event.get("then"), (*path, name, "then")))
        if abs(sum(chances) - 1.0) > 1e-9:
            return self._wrong(path, f"the chances sum to {sum(chances):g}", "They sum to 1.")
        return Turn(CHANCE, tuple(events), tuple(below), tuple(chances))

    def _offer(self, actor: str, name: str, inner: dict[str, object], path: Path) -> Turn | Leaf:
        low, high, private = inner.get("from"), inner.get("to"), inner.get("private")
        advice = "Write `offer: {from: 0, to: 100, private: no deal, then: …}`."
        if len(path) > 3:
            return self._wrong(path, "an offer can only be the first move", "")
        numbers = isinstance(low, int | float) and isinstance(high, int | float) and low < high
        if not numbers or set(inner) != {"from", "to", "private", "then"}:
            return self._wrong(path, "an offer goes from a number to a higher one", advice)
        number = _index(self.actors, actor)
        below = self.node(inner["then"], (*path, "then"))
        if private not in self.outcomes:
            known = ", ".join(map(quote, self.outcomes))
            return self._wrong(path, f"no end is called {quote(private)}", f"There are {known}.")
        shock = self.outcomes.index(str(private))
        bounds = [float(str(end)) for end in (low, high)]
        return Offer(number, (name,), (below,), (), bounds[0], bounds[1], shock)

    def _wrong(self, path: Path, message: str, advice: str) -> Leaf:
        self.faults.append(self.source.fault(path, message, advice))
        return Leaf(0)


def _index(names: list[str], name: str) -> int:
    """The place of a name in a list, at whose end it is put when it is new."""
    if name not in names:
        names.append(name)
    return names.index(name)


def moves_of(tree: Tree) -> Sequence[str]:
    """Names of all moves and events."""
    return tuple(dict.fromkeys(move for turn in turns(tree.root) for move in turn.moves))
