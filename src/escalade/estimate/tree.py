"""The tree of a model: turns, and the ends that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalade.errors import Fault, GameError, ScenarioError
from escalade.game.game import CHANCE, END, Game
from escalade.scenario.faults import quote
from escalade.scenario.source import Source

NATURE = "chance"
ALONE = ""  # the name of a type beside which there is no other
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
        situation: What the actor calls where it is; it cannot tell turns of one name apart. Empty
            where it knows all that was done before.
    """

    actor: int
    moves: tuple[str, ...]
    branches: tuple[Turn | Leaf, ...]
    chances: tuple[float, ...] = ()
    situation: str = ""


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
    """A tree of turns.

    Attributes:
        actors: Their names, in the order in which they first move.
        outcomes: Names of the outcomes, in the order of the tree.
        root: The first turn.
        types: For each actor the names of its types; one without a name where there is one.
    """

    actors: tuple[str, ...]
    outcomes: tuple[str, ...]
    root: Turn
    types: tuple[tuple[str, ...], ...]

    @property
    def slots(self) -> tuple[tuple[int, str], ...]:
        """Each actor with each of its types, in order; without types slots are actors."""
        return tuple((i, name) for i, names in enumerate(self.types) for name in names)

    @property
    def perfect(self) -> bool:
        """Whether everybody knows all that was done, and what everybody wants."""
        seen = all(not turn.situation for turn in turns(self.root))
        return seen and all(len(names) == 1 for names in self.types)


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
    """The tree of a game.

    Raises:
        GameError: When nobody moves, or chance has no probabilities.
    """
    size = {i: int((game.infoset == i).sum()) for i in range(game.n_infosets)}

    def grown(node: int) -> Turn | Leaf:
        if game.mover[node] == END:
            return Leaf(int(game.outcome[node]))
        first, infoset = int(game.first_child[node]), int(game.infoset[node])
        below = range(first, first + int(game.n_children[node]))
        moves = tuple(game.moves[game.move[child]] for child in below)
        chances: tuple[float, ...] = ()
        if game.mover[node] == CHANCE:
            if game.tables is None:
                raise GameError("the game came without the probabilities of its chances")
            chances = tuple(float(game.tables.chance[game.chance[c], 0]) for c in below)
        hidden = size.get(infoset, 1) > 1
        situation = game.infoset_names[infoset] if hidden else ""
        return Turn(int(game.mover[node]), moves, tuple(map(grown, below)), chances, situation)

    root = grown(0)
    if isinstance(root, Leaf):
        raise GameError("nobody moves in the game")
    return Tree(game.actors, game.outcomes, root, game.types)


def tree_of_file(source: Source) -> Tree:
    """The tree that a model file draws.

    A turn is a mapping with one key, the actor; below it each move with what it leads to: the name
    of an end, or the next turn. Below ``chance`` an event is a mapping of ``p`` and ``then``. An
    actor with a situation after a comma cannot tell turns of that situation apart.

    Raises:
        ScenarioError: With every fault and its line.
    """
    reader = _Reader(source)
    root = reader.node(source.data["tree"], ("tree",))
    if reader.faults or not isinstance(root, Turn):
        raise ScenarioError(reader.faults)
    return Tree(
        tuple(reader.actors), tuple(reader.outcomes), root, ((ALONE,),) * len(reader.actors)
    )


class _Reader:
    """Reads turns, and notes faults."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.actors: list[str] = []
        self.outcomes: list[str] = []
        self.situations: dict[tuple[str, str], tuple[str, ...]] = {}
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
        name, _, situation = (part.strip() for part in actor.partition(","))
        number = _index(self.actors, name)
        if situation:
            self._same_moves((name, situation), tuple(moves), path)
        below = tuple(self.node(inner, (*path, move)) for move, inner in moves.items())
        return Turn(number, tuple(moves), below, (), situation)

    def _same_moves(self, where: tuple[str, str], moves: tuple[str, ...], path: Path) -> None:
        """Note a fault where moves would tell an actor what it does not know."""
        known = self.situations.setdefault(where, moves)
        if moves != known:
            message = f"{quote(where[0])} has other moves here than elsewhere, {quote(where[1])}"
            advice = f"There they are {', '.join(map(quote, known))}, in this order."
            self.faults.append(self.source.fault(path, message, advice, key=True))

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
        bounds = float(str(low)), float(str(high))
        return Offer(number, (name,), (below,), (), "", *bounds, shock)

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
