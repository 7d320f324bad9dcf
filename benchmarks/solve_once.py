"""Solve one game in a process of its own, so that its memory can be told.

    python benchmarks/solve_once.py GAME DRAWS OUT

Writes to OUT (.npz) the time of `solve` alone in seconds, the number of histories, sweeps and
choice probabilities. `nothing` is no game: what is left are Python, libraries and kernels.
"""

from __future__ import annotations

import sys

import numpy as np

from escalade.game.efg_forms import expand_types
from escalade.game.game import Game
from escalade.game.tables import Tables, own_numbers
from escalade.solve import Solution, solve
from games import Play, numbers, tree
from measures import seconds

PRECISION = 2.0
FIVE_ACTORS = "five actors", "five actors, expanded"


def game_named(name: str, draws: int) -> tuple[Game, Tables]:
    """`nothing`, `4^n` (two actors with two types, n turns of 4 moves), or one of FIVE_ACTORS."""
    if name in FIVE_ACTORS:
        play = Play(actors=5, types=3, moves=2, turns=10)
    elif name == "nothing":
        play = Play(actors=2, types=2, moves=2, turns=1)
    else:
        play = Play(actors=2, types=2, moves=4, turns=int(name.removeprefix("4^")))
    game = tree(play)
    tables = numbers(game, draws, PRECISION)
    if name == FIVE_ACTORS[1]:
        game = expand_types(game, tables)
        return game, own_numbers(game)
    return game, tables


def main(name: str, draws: str, out: str) -> None:
    """Solve, and write what is asked."""
    game, tables = game_named(name, int(draws))
    solve(*game_named("nothing", 1))  # loads the kernels
    found: list[Solution] = []
    time = seconds(lambda: found.append(solve(game, tables)))
    if not found[0].solved.all():
        raise RuntimeError(f"{name}: {found[0].counts()}")
    sizes = {"seconds": time, "histories": game.n_histories, "sweeps": found[0].sweeps.sum()}
    np.savez(out, choice=found[0].choice, **sizes)


if __name__ == "__main__":
    main(*sys.argv[1:])
