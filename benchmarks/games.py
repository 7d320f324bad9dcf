"""Games for benchmarks: the reference crises, and trees of any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from escalade.game.efg import EfgGame, read_efg
from escalade.game.game import END, Game
from escalade.game.tables import Tables

SHARED = Path(__file__).resolve().parents[2] / "shared" / "golden" / "efg"
SPREAD = 0.2  # standard deviation of payoffs between draws

# --- Crises ----------------------------------------------------------------------------------


def crisis_file(turns: int, folder: Path) -> Path:
    """The file of a crisis: the reference's where it lies beside the repository, else our own."""
    name = f"crisis_k2_T{turns}_n2.efg"
    if (SHARED / name).is_file():
        return SHARED / name
    path = folder / name
    path.write_text(crisis_text(turns), encoding="ascii")
    return path


def crisis(turns: int, folder: Path) -> EfgGame:
    """The crisis, one draw; its types are moves of chance."""
    return read_efg(crisis_file(turns, folder))


def crisis_text(turns: int) -> str:
    """Two actors with two types each, who by turns concede, attack, escalate or hold.

    Who concedes loses what the crisis is about, and face for every own escalation; an attack is a
    war, which is cheap for the second type and dear for the first. Types are correlated.
    """
    shares = '"00" 2/10 "01" 3/10 "10" 3/10 "11" 2/10'
    head = f'EFG 2 R "crisis k=2 T={turns} n=2" {{ "P1" "P2" }}\n""\n\n'
    lines = [f'c "" 1 "types" {{ {shares} }} 0']
    sets: dict[tuple[int, int, str], int] = {}
    for types in product((0, 1), repeat=2):
        for payoffs, infoset in _crisis_nodes(types, turns, ""):
            if payoffs:
                number = sum(line[0] == "t" for line in lines) + 1
                first, second = (round(payoff, 6) for payoff in payoffs)
                lines.append(f't "" {number} "o{number}" {{ {first}, {second} }}')
            else:
                mover = infoset[0]
                own = 1 + sum(other[0] == mover for other in sets)
                label = f"{mover + 1} {sets.setdefault(infoset, own)}"
                name = f'"i{label.replace(" ", "_")}"'
                lines.append(f'p "" {label} {name} {{ "concede" "attack" "escalate" "hold" }} 0')
    return head + "".join(f"{line}\n" for line in lines)


def _crisis_nodes(
    types: tuple[int, ...], turns: int, history: str
) -> Iterator[tuple[list[float], tuple[int, int, str]]]:
    """Nodes in preorder: payoffs (of an end), or the mover, its type and what it has seen."""
    mover, own = len(history) % 2, (0, 1)
    infoset = mover, types[mover], history
    raised = [history[i::2].count("e") for i in own]
    if len(history) == turns:
        yield [0.5 - 0.08 * raised[i] + 0.02 * (history[-1] == "h") for i in own], infoset
        return
    yield [], infoset
    yield [-0.3 * raised[i] if i == mover else 1 - 0.05 * raised[i] for i in own], infoset
    yield [_war(types[i], types[1 - i], sum(raised)) + 0.1 * (i == mover) for i in own], infoset
    for move in "eh":
        yield from _crisis_nodes(types, turns, history + move)


def _war(own: int, other: int, raised: int) -> float:
    """What a war is worth to a type, which knows how strong it is, at a height of the crisis."""
    return 0.5 + 0.25 * (own - other) - (0.1 if own else 0.6) - 0.1 * raised


def perturbed(read: EfgGame, draws: int, precision: float, *, seed: int = 0) -> Tables:
    """The numbers of a game in many draws, the payoffs at each end moved in every one."""
    rng = np.random.default_rng(seed)
    names = ("payoff", "chance", "habit", "prior")
    rows = {name: np.repeat(getattr(read.tables, name), draws, axis=-1) for name in names}
    rows["payoff"][1:] += rng.normal(0.0, SPREAD, rows["payoff"][1:].shape)
    return Tables(**rows, precision=np.full((len(read.game.actors), draws), precision))


def joined(*parts: Tables) -> Tables:
    """The draws of several tables in turn: the first of each, the second of each, and so on."""
    names = ("payoff", "chance", "habit", "precision", "prior")
    rows = {name: np.stack([getattr(part, name) for part in parts], axis=-1) for name in names}
    return Tables(**{name: row.reshape(*row.shape[:-2], -1) for name, row in rows.items()})


# --- Trees -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """One turn: who moves, in how many ways, and whether without seeing the move just before."""

    mover: int
    moves: int
    blind: bool = False


def tree(turns: Sequence[Turn], n_types: Sequence[int]) -> Game:
    """A tree in which every history has all turns; every end has a payoff row of its own."""
    moves = np.array([turn.moves for turn in turns])
    sizes = np.cumprod([1, *moves])
    first = np.cumsum([0, *sizes])
    level = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(first[-1]) - first[level]
    above, below = np.append(1, moves), np.append(moves, 0)
    end = level == len(turns)
    unseen = np.array([above[t] if turn.blind else 1 for t, turn in enumerate(turns)] + [1])
    sets = sizes[:-1] // unseen[:-1]
    first_set, first_move = np.cumsum([0, *sets]), np.cumsum([0, 0, *moves])
    set_level = np.repeat(np.arange(len(turns)), sets)
    mover = np.array([turn.mover for turn in turns] + [END])
    columns = {
        "parent": np.where(level > 0, first[level - 1] + place // above[level], -1),
        "first_child": np.where(
            end, -1, first[np.minimum(level + 1, len(turns))] + place * below[level]
        ),
        "n_children": below[level],
        "mover": mover[level],
        "infoset": np.where(end, -1, first_set[level] + place // unseen[level]),
        "level": level,
        "move": np.where(level > 0, first_move[level] + place % above[level], -1),
        "payoff": np.where(end, 1 + place, 0),
        "chance": np.full(len(level), -1),
        "outcome": np.where(end, 0, -1),
        "infoset_mover": mover[set_level],
        "infoset_actions": moves[set_level],
        "infoset_habit": first_move[1:][set_level],
    }
    return Game(
        actors=tuple(f"actor {i}" for i in range(len(n_types))),
        types=tuple(tuple(f"type {k}" for k in range(n)) for n in n_types),
        moves=tuple(f"move {m}" for m in range(int(moves.sum()))),
        outcomes=("end",),
        infoset_names=tuple(np.array([f"turn {t}" for t in range(len(turns))])[set_level].tolist()),
        **{name: column.astype(np.int32) for name, column in columns.items()},
    )


def numbers(game: Game, draws: int, precision: float, *, seed: int = 0) -> Tables:
    """Random payoffs at ends, in [0, 1], a prior that all share, uniform habit."""
    rng = np.random.default_rng(seed)
    payoff = np.empty((int(game.payoff.max()) + 1, game.n_slots, draws))
    rng.random(out=payoff)
    payoff[0] = 0.0
    prior = np.empty((len(game.actors) + 1, game.n_slots, draws))
    for a, b in zip(game.slot_start[:-1], game.slot_start[1:], strict=True):
        prior[:, a:b] = rng.dirichlet(np.full(b - a, 2.0), size=draws).T
    return Tables(
        payoff=payoff,
        chance=np.zeros((0, draws)),
        habit=np.ones((len(game.moves), draws)),
        precision=np.full((len(game.actors), draws), precision),
        prior=prior,
    )


def in_turn(actors: int, types: int, moves: int, turns: int) -> Game:
    """Actors that move in turn and see everything but types."""
    return tree([Turn(t % actors, moves) for t in range(turns)], (types,) * actors)


def at_once(actors: int, types: int, moves: int, turns: int) -> Game:
    """Two or more actors in turn, of whom every second one does not see what the first did."""
    order = [Turn(t % actors, moves, blind=t % 2 == 1) for t in range(turns)]
    return tree(order, (types,) * actors)
