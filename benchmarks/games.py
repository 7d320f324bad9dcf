"""Games for benchmarks: the reference crises, and trees of any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from escalade.game.efg import read_efg
from escalade.game.game import END, Game
from escalade.game.tables import Tables, own_numbers

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


def crisis(turns: int, folder: Path) -> Game:
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


def perturbed(game: Game, draws: int, precision: float, *, seed: int = 0) -> Tables:
    """The numbers of a game in many draws, the payoffs at each end moved in every one."""
    rng = np.random.default_rng(seed)
    names = ("payoff", "chance", "habit", "prior")
    rows = {name: np.repeat(getattr(own_numbers(game), name), draws, axis=-1) for name in names}
    rows["payoff"][1:] += rng.normal(0.0, SPREAD, rows["payoff"][1:].shape)
    return Tables(**rows, precision=np.full((len(game.actors), draws), precision))


def joined(*parts: Tables) -> Tables:
    """The draws of several tables in turn: the first of each, the second of each, and so on."""
    names = ("payoff", "chance", "habit", "precision", "prior")
    rows = {name: np.stack([getattr(part, name) for part in parts], axis=-1) for name in names}
    return Tables(**{name: row.reshape(*row.shape[:-2], -1) for name, row in rows.items()})


# --- Trees -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Play:
    """Actors who move in turn, with the same moves every time, until all turns are over.

    Attributes:
        actors: Their number.
        types: Private types of each.
        moves: Moves of each turn.
        turns: Their number.
        at_once: Whether every second turn does not see the move just before, but all older ones.
        by_state: Whether ends share payoffs where everybody made the same moves, in any order, as
            in a scenario whose state counts them; else every end has its own.
    """

    actors: int
    types: int
    moves: int
    turns: int
    at_once: bool = False
    by_state: bool = False


def tree(play: Play) -> Game:
    """The game, built in a few array operations."""
    n, turns = play.moves, np.arange(play.turns)
    sizes = n ** np.arange(play.turns + 1)
    first = np.append(0, np.cumsum(sizes))
    level = np.repeat(np.arange(play.turns + 1), sizes)
    place = np.arange(len(level)) - first[level]
    end = level == play.turns
    unseen = np.where(play.at_once & (turns % 2 == 1), n, 1)
    first_set = np.append(0, np.cumsum(sizes[:-1] // unseen))
    set_level = np.repeat(turns, np.diff(first_set))
    mover = np.append(turns % play.actors, END)
    here = np.minimum(level, play.turns - 1)
    columns = {
        "parent": np.where(level > 0, first[level - 1] + place // n, -1),
        "first_child": np.where(end, -1, first[here + 1] + place * n),
        "n_children": np.where(end, 0, n),
        "mover": mover[level],
        "infoset": np.where(end, -1, first_set[here] + place // unseen[here]),
        "level": level,
        "move": np.where(level > 0, mover[level - 1] * n + place % n, -1),
        "payoff": np.where(end, 1 + (_states(play)[place] if play.by_state else place), 0),
        "chance": np.full(len(level), -1),
        "outcome": np.where(end, 0, -1),
        "infoset_mover": mover[set_level],
        "infoset_actions": np.full(len(set_level), n),
        "infoset_habit": mover[set_level] * n,
    }
    return Game(
        actors=tuple(f"actor {i}" for i in range(play.actors)),
        types=(tuple(f"type {k}" for k in range(play.types)),) * play.actors,
        moves=tuple(f"move {m}" for m in range(play.actors * n)),
        outcomes=("end",),
        infoset_names=tuple(np.array([f"turn {t}" for t in turns])[set_level].tolist()),
        **{name: column.astype(np.int32) for name, column in columns.items()},
    )


def _states(play: Play) -> NDArray[np.int64]:
    """[end] Number of the end's state: how often each actor made each of its moves."""
    ends = np.arange(play.moves**play.turns)
    counts = np.zeros((len(ends), play.actors * play.moves), dtype=np.int8)
    for turn in range(play.turns):
        made = ends // play.moves ** (play.turns - 1 - turn) % play.moves
        counts[ends, turn % play.actors * play.moves + made] += 1
    return np.unique(counts, axis=0, return_inverse=True)[1].ravel()


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
