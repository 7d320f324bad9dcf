"""Kuhn and Leduc poker, written as `.efg` text from their rules.

Kuhn (1950), *A simplified two-person poker*; Southey, Bowling, Larson, Piccione, Burch, Billings &
Rayner (2005), *Bayes' bluff*, for Leduc. Payoffs are in chips and sum to zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Poker:
    """A poker of two players, one card each, and rounds of bets with a board of at most one card.

    Attributes:
        suits: [rank] How many cards there are of each rank; ranks are ordered.
        raises: [round] By how much each raise goes beyond what the other has put in.
        most: Raises allowed in one round.
        board: Whether a card is laid open before the second round; a pair with it wins.
    """

    suits: tuple[int, ...]
    raises: tuple[int, ...]
    most: int
    board: bool


KUHN = Poker(suits=(1, 1, 1), raises=(1,), most=1, board=False)
LEDUC = Poker(suits=(2, 2, 2), raises=(2, 4), most=2, board=True)


def efg(game: Poker) -> str:
    """The tree in preorder: a deal to both, bets, the board, bets."""
    deals = {
        (i, j): Fraction(n * (m - (i == j)), sum(game.suits) * (sum(game.suits) - 1))
        for i, n in enumerate(game.suits)
        for j, m in enumerate(game.suits)
    }
    deals = {deal: share for deal, share in deals.items() if share}
    events = " ".join(f'"{i}{j}" {share}' for (i, j), share in deals.items())
    writer = _Writer(game)
    lines = [line for deal in deals for line in writer.bets(deal, None, "", (1, 1))]
    return "\n".join(['EFG 2 R "poker" { "P1" "P2" }', f'c "" 1 "" {{ {events} }} 0', *lines])


class _Writer:
    """Numbers of information sets and outcomes, given out as they come up."""

    def __init__(self, game: Poker) -> None:
        self.game = game
        self.sets: dict[tuple[object, ...], int] = {}
        self.outcomes: dict[int, int] = {}

    def bets(
        self, cards: tuple[int, int], board: int | None, past: str, chips: tuple[int, int]
    ) -> Iterator[str]:
        """The subtree after the moves of `past`: c(all or check), r(aise), f(old), / new round."""
        now = past.rpartition("/")[2]
        player = len(now) % 2
        own, other = chips[player], chips[1 - player]
        moves = ("f" * (own < other)) + "c" + "r" * (now.count("r") < self.game.most)
        key = (player, cards[player], board, past)
        number = self.sets.setdefault(key, len(self.sets) + 1)
        labels = " ".join(f'"{move}"' for move in moves)
        yield f'p "" {player + 1} {number} "{cards[player]}{board}:{past}" {{ {labels} }} 0'
        for move in moves:
            if move == "f":
                yield self.end(own if player else -own)
                continue
            beyond = self.game.raises[past.count("/")] if move == "r" else 0
            put = other + beyond
            paid = (put, other) if player == 0 else (other, put)
            closed = move == "c" and now != ""
            yield from (self.close if closed else self.bets)(cards, board, past + move, paid)

    def close(
        self, cards: tuple[int, int], board: int | None, past: str, chips: tuple[int, int]
    ) -> Iterator[str]:
        """What follows the last bet of a round: the board and another round, or a showdown."""
        if not self.game.board or board is not None:
            one, two = ((card == board, card) for card in cards)
            yield self.end(chips[0] * ((one > two) - (one < two)))
            return
        left = [n - cards.count(rank) for rank, n in enumerate(self.game.suits)]
        events = " ".join(f'"{i}" {Fraction(n, sum(left))}' for i, n in enumerate(left) if n)
        number = 2 + 10 * cards[0] + cards[1]
        yield f'c "" {number} "" {{ {events} }} 0'
        for rank, n in enumerate(left):
            if n:
                yield from self.bets(cards, rank, f"{past}/", chips)

    def end(self, won: int) -> str:
        """An end at which the first player has won so many chips."""
        number = self.outcomes.setdefault(won, len(self.outcomes) + 1)
        return f't "" {number} "won {won}" {{ {won} {-won} }}'
