"""Games written in Gambit's `.efg` format, so that other programs can solve them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from fractions import Fraction
from math import inf, nextafter
from pathlib import Path

import numpy as np

from escalade.errors import GameError
from escalade.game.efg_forms import expand_types, payoffs_at_ends
from escalade.game.efg_labels import distinct, plain
from escalade.game.game import CHANCE, END, Game
from escalade.game.tables import Tables, own_numbers, require_good_numbers

_MANY = 2000  # digits: more than any sum of floating-point numbers has
_TIE = Decimal("1e-40")  # stay this far, in units of the gap, from where rounding turns
_NOTHING = (-1, 0)  # no outcome, no payoffs


def write_efg(
    game: Game,
    path: Path | str,
    tables: Tables | None = None,
    *,
    draw: int = 0,
    ends_only: bool = False,
) -> None:
    """Write one draw of a game as an `.efg` file, whole or not at all; see `efg_text`.

    Raises:
        GameError: When the game has no `.efg` form, or the file cannot be written.
        ValueError: When the tables do not fit the game, or `draw` is out of bounds.
    """
    path = Path(path)
    text = efg_text(game, tables, draw=draw, ends_only=ends_only)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="ascii", newline="\n") as file:
            file.write(text)
        partial.replace(path)
    except OSError as failure:
        raise GameError(f"{path}: cannot be written: {failure.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def efg_text(
    game: Game, tables: Tables | None = None, *, draw: int = 0, ends_only: bool = False
) -> str:
    """One draw of a game in the `.efg` format, as pygambit 16.7 and OpenSpiel read it.

    What `read_efg` gives comes back from the text bit for bit. Of other games, nodes and
    information sets may come back in another order; private types come back as moves of chance
    (`expand_types`), each information set with the type in its name. Gambit wants probabilities of
    chance to sum to exactly 1: they are written with as many digits as that takes, and where no
    digits do, because they are off by more than rounding, they are divided by their sum.

    The format has no place for habit, precision, and what the analyst alone believes of types: its
    games are solved with uniform habit and one precision. Labels are spelled in ASCII, without
    quotes and backslashes.

    OpenSpiel reads payoffs at ends only, and wants some at every end. A game that has others loads
    there with `ends_only`; it is then the same game to every solver, in other numbers.

    Args:
        game: The game.
        tables: Its numbers; those it came with by default.
        draw: The draw to write.
        ends_only: Whether to sum payoffs along each history and write them at its end.

    Raises:
        GameError: When two actors hold different priors of a third, or the tree becomes too large.
        ValueError: When the tables do not fit the game, or `draw` is out of bounds.
    """
    tables = own_numbers(game) if tables is None else tables
    require_good_numbers(game, tables)
    if not 0 <= draw < tables.n_draws:
        raise ValueError(f"draw is {draw}; it must lie between 0 and {tables.n_draws - 1}")
    form = expand_types(game, tables.take(slice(draw, draw + 1)))
    if ends_only:
        form = payoffs_at_ends(form, own_numbers(form))
    players = _labels(distinct([plain(name) for name in game.actors]))
    head = f'EFG 2 R "{plain(game.title)}" {{ {players} }}\n""\n\n'
    return head + "".join(f"{line}\n" for line in _lines(form, own_numbers(form)))


def exact_shares(shares: Sequence[float]) -> list[str]:
    """Decimals that sum to exactly one and round to the numbers given.

    Where there are none, because the numbers are off by more than rounding, to the numbers divided
    by their sum.
    """
    total = sum(map(Fraction, shares))
    for numbers in (shares, [float(Fraction(share) / total) for share in shares]):
        for digits in (18, _MANY):
            found, missing = _stretched(numbers, digits)
            if not missing:
                return [f"{share:f}" for share in found]
    raise GameError(f"probabilities of chance sum to {sum(shares)}; they must sum to 1")


def _stretched(shares: Sequence[float], digits: int) -> tuple[list[Decimal], Decimal]:
    """Decimals that round to the shares with a sum as near to 1 as can be, and what it lacks.

    The largest are moved first, each as far as its rounding allows in so many digits.
    """
    with localcontext(prec=_MANY):
        found = [Decimal(repr(share)) for share in shares]
        missing = Decimal(1) - sum(found)
        for i in sorted(range(len(found)), key=lambda i: -found[i]):
            if not missing:
                break
            here = Decimal(shares[i])
            low, high = (
                here + (Decimal(nextafter(shares[i], end)) - here) * (Decimal("0.5") - _TIE)
                for end in (0.0, inf)
            )
            low = Context(digits, ROUND_CEILING).plus(low)
            high = Context(digits, ROUND_FLOOR).plus(high)
            moved = min(max(found[i] + missing, low), high)
            missing -= moved - found[i]
            found[i] = moved
        return found, missing


def _lines(game: Game, tables: Tables) -> Iterator[str]:
    """One line per node, in preorder, each with all that is known of it."""
    order = _preorder(game)
    sets, outcomes = _sets(game), _outcomes(game, tables, order)
    events: dict[tuple[int, ...], str] = {}
    for node in order:
        if game.mover[node] == END:
            yield f't "" {outcomes[node]}'
        elif game.mover[node] == CHANCE:
            first, n = int(game.first_child[node]), int(game.n_children[node])
            key = (*game.chance[first : first + n], *game.move[first : first + n])
            if key not in events:
                events[key] = f'{len(events) + 1} "" {_event(game, tables, first, n)}'
            yield f'c "" {events[key]} {outcomes[node]}'
        else:
            yield f'p "" {sets[game.infoset[node]]} {outcomes[node]}'


def _event(game: Game, tables: Tables, first: int, n: int) -> str:
    """The branches of a move of chance with their probabilities."""
    labels = distinct([plain(game.moves[m]) for m in game.move[first : first + n]])
    shares = exact_shares(tables.chance[game.chance[first : first + n], 0].tolist())
    branches = (f'"{label}" {share}' for label, share in zip(labels, shares, strict=True))
    return f"{{ {' '.join(branches)} }}"


def _sets(game: Game) -> list[str]:
    """[infoset] Player, number among the player's, name and moves."""
    any_node = np.zeros(game.n_infosets, dtype=np.int64)
    inner = np.flatnonzero(game.infoset >= 0)
    any_node[game.infoset[inner]] = inner
    texts = [""] * game.n_infosets
    for actor in range(len(game.actors)):
        own = np.flatnonzero(game.infoset_mover == actor)
        names = distinct([plain(game.infoset_names[i]) for i in own])  # Gambit insists
        for number, (i, name) in enumerate(zip(own, names, strict=True), start=1):
            first = int(game.first_child[any_node[i]])
            moves = game.move[first : first + int(game.infoset_actions[i])]
            labels = _labels(distinct([plain(game.moves[m]) for m in moves]))
            texts[i] = f'{actor + 1} {number} "{name}" {{ {labels} }}'
    return texts


def _outcomes(game: Game, tables: Tables, order: Sequence[int]) -> list[str]:
    """[node] Number, name and payoffs of what is received there; numbered in preorder."""
    ends = game.mover == END
    rows, names = tables.payoff.shape[0], game.outcomes
    as_read = rows == len(names) + 1 and (game.outcome == game.payoff - 1)[ends].all()
    outcome = game.payoff - 1 if as_read else game.outcome
    keys = list(zip(outcome.tolist(), game.payoff.tolist(), strict=True))
    used = [key for key in dict.fromkeys(keys[node] for node in order) if key != _NOTHING]
    labels = distinct([plain(names[which]) if which >= 0 else "payoffs" for which, _ in used])
    texts = {_NOTHING: "0"}
    for number, ((which, row), label) in enumerate(zip(used, labels, strict=True), start=1):
        payoffs = " ".join(map(_decimal, tables.payoff[row, :, 0].tolist()))
        texts[which, row] = f'{number} "{label}" {{ {payoffs} }}'
    return [texts[key] for key in keys]


def _preorder(game: Game) -> list[int]:
    """Every node before its children, and the whole of a child before its next sibling."""
    order, open_nodes = [], [0]
    first, n = game.first_child.tolist(), game.n_children.tolist()
    while open_nodes:
        node = open_nodes.pop()
        order.append(node)
        open_nodes += range(first[node] + n[node] - 1, first[node] - 1, -1)
    return order


def _decimal(value: float) -> str:
    """The shortest decimal that reads back as this number; Gambit refuses exponents like e+19."""
    text = repr(value)
    return f"{Decimal(text):f}" if "e" in text else text


def _labels(labels: Sequence[str]) -> str:
    return " ".join(f'"{label}"' for label in labels)
