"""From a theatre of a scenario to the extensive form.

Positions are few, histories are many: what can be done is worked out once per turn and position
(`scenario.play.Rules`); histories are then unrolled turn by turn with array operations.

What an actor knows is a number per history, its *view*: two histories that look the same to the
actor have the same view. An information set is a view together with the moves open to the mover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from escalade.errors import GameError
from escalade.game.frontier import Branches, Frontier, too_large
from escalade.game.game import CHANCE, END, Game, Ints, require_perfect_recall
from escalade.game.recipes import RecipeBook, Recipes
from escalade.scenario.play import NOTHING, Growth, Position, Rules
from escalade.scenario.scenario import Scenario, Theatre, Turn

MAX_HISTORIES = 2_000_000


@dataclass(frozen=True)
class CompiledTheatre:
    """A theatre as a game, with what is needed to fill its tables and to read it back.

    Attributes:
        theatre: The theatre it was made from.
        game: The extensive form.
        recipes: What each row of the tables holds.
        rules: The rules of play, with their answers remembered.
        positions: Positions; `position` points here.
        position: [node] Position at an end; -1 elsewhere.
        view: [actor, node] What each actor has seen when the node is reached.
        growth: How each turn multiplies the histories.
    """

    theatre: Theatre
    game: Game
    recipes: Recipes
    rules: Rules
    positions: tuple[Position, ...]
    position: Ints
    view: Ints
    growth: tuple[Growth, ...]


def compile_theatre(
    scenario: Scenario, theatre: int | str = 0, *, max_histories: int = MAX_HISTORIES
) -> CompiledTheatre:
    """Unroll one theatre into an extensive form with private types.

    Args:
        scenario: The resolved scenario.
        theatre: Index or name of the theatre.
        max_histories: Largest tree that is built.

    Returns:
        The compiled theatre. Nodes are in order of play.

    Raises:
        GameError: If the tree is too large (naming the turns that multiply it), if an actor
            would forget (naming the turn), or if some end matches no outcome.
        ValueError: If there is no such theatre.
    """
    names = [t.id for t in scenario.theatres]
    if isinstance(theatre, str):
        if theatre not in names:
            raise ValueError(f"theatre is {theatre!r}; expected one of {', '.join(names)}")
        theatre = names.index(theatre)
    chosen = scenario.theatres[theatre]
    unrolling = _Unrolling(scenario, chosen, max_histories)
    for block in chosen.blocks:
        unrolling.play(block)
    return unrolling.finish()


class _Unrolling:
    """The growing tree. Only this class is mutable, and only while it compiles."""

    def __init__(self, scenario: Scenario, theatre: Theatre, max_histories: int) -> None:
        self.scenario = scenario
        self.theatre = theatre
        self.max_histories = max_histories
        self.rules = Rules(theatre, scenario.inputs)
        self.book = RecipeBook(scenario, theatre)
        self.channels: list[tuple[int, frozenset[str]]] = [
            (actor, frozenset()) for actor in range(len(scenario.actors))
        ]
        for turn in (turn for block in theatre.blocks for turn in block):
            if turn.unaware_of and (turn.actor, turn.unaware_of) not in self.channels:
                self.channels.append((turn.actor, turn.unaware_of))
        self.moves = {name: i for i, name in enumerate([*theatre.moves, NOTHING])}
        self.positions: dict[Position, int] = {self.rules.start: 0}
        self.option_sets: dict[tuple[str, ...], int] = {}
        self.codes: dict[object, int] = {None: 0}
        self.views = 1
        self.turn = 0
        self.growth: list[Growth] = []
        self.ended = 0
        self.created: dict[str, list[Ints]] = {
            "parent": [np.array([-1], np.int32)],
            "move": [np.array([-1], np.int32)],
            "payoff": [np.zeros(1, np.int32)],
            "chance": [np.array([-1], np.int32)],
        }
        self.n_nodes = 1
        self.acted: list[tuple[Ints, int, Ints, int]] = []
        self.closed: list[tuple[Ints, Ints, Ints]] = []
        self.viewed: list[tuple[Ints, NDArray[np.int64]]] = []
        self.infosets: list[tuple[int, int, int, str]] = []
        root = np.zeros(1, np.int32)
        self.frontier = Frontier(root, root, np.zeros((len(self.channels), 1), np.int64))
        self.viewed.append((root, self.frontier.view))

    # One block of turns

    def play(self, block: Sequence[Turn]) -> None:
        """Unroll the turns of one block, then carry out their moves together."""
        first_new = self.n_nodes
        for turn in block:
            self._unroll(turn)
            self.turn += 1
        self._look_around()
        self._settle(first_new)

    def _unroll(self, turn: Turn) -> None:
        """One mover's turn: every history with options branches, the others pass."""
        frontier = self.frontier
        before = len(frontier.node) + self.ended
        branches = self._branches(turn, frontier.position)
        counts = branches.count[branches.inverse]
        playing = counts > 0
        after = int(counts.sum() + np.count_nonzero(~playing)) + self.ended
        self.growth.append(Growth(turn.name, before, after, turn.line))
        if after > self.max_histories:
            raise GameError(too_large(self.scenario.path, self.growth, self.max_histories))
        passing = frontier.take(~playing)
        acting = frontier.take(playing)
        moved = self._grow(turn, acting, branches, np.flatnonzero(playing))
        silent = np.zeros((len(self.channels), len(passing.node)), np.int64)
        self.frontier = Frontier(
            np.concatenate([passing.node, moved.node]),
            np.concatenate([passing.position, moved.position]),
            np.concatenate([passing.view, moved.view], axis=1),
            tuple(
                np.concatenate(pair, axis=1)
                for pair in zip((*passing.seen, silent), moved.seen, strict=True)
            ),
        )

    def _branches(self, turn: Turn, position: Ints) -> Branches:
        """What each distinct position offers at this turn, worked out once each."""
        distinct, inverse = np.unique(position, return_inverse=True)
        known = list(self.positions)
        options, rows = [], []
        for index in distinct:
            here = known[index]
            open_moves = self.rules.options(turn, here)
            key = self.option_sets.setdefault(open_moves, len(self.option_sets))
            options.append(key)
            chances = self.book.chance_rows(open_moves, here) if turn.actor < 0 else None
            for branch, name in enumerate(open_moves):
                child = here._replace(pending=(*here.pending, name))
                rows.append(
                    (
                        self.positions.setdefault(child, len(self.positions)),
                        self.moves[name],
                        self.book.payoff_row(self.rules.costs(here, name, None), here),
                        chances[branch] if chances else -1,
                        *(self._sight(turn, name, key, here, c) for c in self.channels),
                    )
                )
        sets = list(self.option_sets)
        count = np.array([len(sets[key]) for key in options], np.int32)
        table = np.array(rows, np.int64).reshape(len(rows), 4 + len(self.channels)).T
        position_, move, payoff, chance = table[:4].astype(np.int32)
        start = (np.cumsum(count) - count).astype(np.int32)
        return Branches(
            inverse, np.array(options, np.int32), count, start,
            position_, move, payoff, chance, table[4:],
        )  # fmt: skip

    def _sight(
        self,
        turn: Turn,
        name: str,
        options: int,
        here: Position,
        channel: tuple[int, frozenset[str]],
    ) -> int:
        """Code of what one actor sees of a move; 0 for nothing."""
        actor, unaware_of = channel
        move = self.theatre.moves.get(name)
        if move is None or name in unaware_of:
            return 0
        if turn.actor == actor:
            sight: object = (self.turn, name, options)
        elif move.seen_by is None or actor in move.seen_by:
            after = self.rules.settle(here._replace(pending=(name,)))
            sight = (self.turn, name, tuple(after.values[v] for v in move.shows))
        elif move.looks_like and move.looks_like not in unaware_of:
            model = self.theatre.moves[move.looks_like]
            if model.seen_by is not None and actor not in model.seen_by:
                return 0
            after = self.rules.settle(here._replace(pending=(model.id,)))
            sight = (self.turn, model.id, tuple(after.values[v] for v in model.shows))
        else:
            return 0
        return self.codes.setdefault(sight, len(self.codes))

    def _grow(
        self, turn: Turn, acting: Frontier, branches: Branches, which: NDArray[np.intp]
    ) -> Frontier:
        """Add the children of the acting histories and say who acted."""
        group = branches.inverse[which]
        counts = branches.count[group]
        owner = np.repeat(np.arange(len(which)), counts)
        first = np.cumsum(counts) - counts
        row = np.repeat(branches.start[group] - first, counts) + np.arange(len(owner))
        node = np.arange(self.n_nodes, self.n_nodes + len(owner), dtype=np.int32)
        self.created["parent"].append(acting.node[owner])
        for name in ("move", "payoff", "chance"):
            self.created[name].append(getattr(branches, name)[row])
        self.n_nodes += len(owner)
        self._act(turn, acting, branches.options[group])
        moved = acting.take(owner)
        return Frontier(
            node, branches.position[row], moved.view, (*moved.seen, branches.seen[:, row])
        )

    def _act(self, turn: Turn, acting: Frontier, options: Ints) -> None:
        """Record the mover, and its information sets, of the acting nodes."""
        if turn.actor < 0:
            self.acted.append((acting.node, CHANCE, np.full(len(acting.node), -1), self.turn))
            return
        view = acting.view[self.channels.index((turn.actor, turn.unaware_of))]
        known = view * len(self.option_sets) + options
        distinct, first, inverse = np.unique(known, return_index=True, return_inverse=True)
        base = len(self.infosets)
        sets = list(self.option_sets)
        for index in first:
            moves = sets[options[index]]
            habit = self.book.habit_row(moves)
            self.infosets.append((turn.actor, len(moves), habit, turn.name))
        del distinct
        infoset = (base + inverse).astype(np.int32)
        self.acted.append((acting.node, turn.actor, infoset, self.turn))

    # After a block

    def _look_around(self) -> None:
        """Add what was seen in the block to everybody's view."""
        frontier = self.frontier
        view = frontier.view.copy()
        for codes in frontier.seen:
            for channel in range(len(self.channels)):
                saw = codes[channel] > 0
                pair = view[channel][saw] * (len(self.codes) + 1) + codes[channel][saw]
                distinct, inverse = np.unique(pair, return_inverse=True)
                view[channel][saw] = self.views + inverse
                self.views += len(distinct)
        self.viewed.append((frontier.node, view))
        self.frontier = Frontier(frontier.node, frontier.position, view)

    def _settle(self, first_new: int) -> None:
        """Carry out the block's moves; histories that reach an outcome end here."""
        frontier = self.frontier
        settled, outcomes = self._judge(frontier.position, self.rules.ended)
        ended = (outcomes >= 0) & (frontier.node >= first_new)
        self._close(frontier.node[ended], settled[ended], outcomes[ended])
        self.frontier = Frontier(frontier.node[~ended], settled[~ended], frontier.view[:, ~ended])

    def _judge(self, position: Ints, judge) -> tuple[Ints, Ints]:  # noqa: ANN001
        """Settled position and outcome (-1 for none) of each history."""
        distinct, inverse = np.unique(position, return_inverse=True)
        known = list(self.positions)
        settled = [self.rules.settle(known[index]) for index in distinct]
        ids = [self.positions.setdefault(p, len(self.positions)) for p in settled]
        found = [judge(p) for p in settled]
        outcome = np.array([-1 if o is None else o for o in found], np.int32)
        return np.array(ids, np.int32)[inverse], outcome[inverse]

    def _close(self, node: Ints, position: Ints, outcome: Ints) -> None:
        """End histories."""
        self.closed.append((node, position, outcome))
        self.ended += len(node)

    # The whole

    def finish(self) -> CompiledTheatre:
        """End the histories that are left and freeze the tree."""
        frontier = self.frontier
        settled, outcomes = self._judge(frontier.position, self.rules.final)
        if (outcomes < 0).any():
            raise GameError(
                f"theatre '{self.theatre.id}': some end of the play matches no outcome; "
                "add one with `otherwise: true`"
            )
        self._close(frontier.node, settled, outcomes)
        arrays = {name: np.concatenate(chunks) for name, chunks in self.created.items()}
        position = np.full(self.n_nodes, -1, np.int32)
        outcome = np.full(self.n_nodes, -1, np.int32)
        for node, where, which in self.closed:
            position[node], outcome[node] = where, which
        self._add_outcome_payoffs(arrays["payoff"], position, outcome)
        game = self._game(arrays, outcome)
        require_perfect_recall(game)
        view = np.zeros((len(self.scenario.actors), self.n_nodes), np.int32)
        for node, seen in self.viewed:
            view[:, node] = seen[: len(view)]
        for array in (position, view):
            array.setflags(write=False)
        return CompiledTheatre(
            self.theatre, game, self.book.close(), self.rules, tuple(self.positions),
            position, view, tuple(self.growth),
        )  # fmt: skip

    def _add_outcome_payoffs(self, payoff: Ints, position: Ints, outcome: Ints) -> None:
        """At each end, the row with its arrival costs, its outcome and the outcome's costs."""
        ends = np.flatnonzero(outcome >= 0)
        keys = np.stack([payoff[ends], position[ends], outcome[ends]])
        distinct, inverse = np.unique(keys, axis=1, return_inverse=True)
        known = list(self.positions)
        rows = []
        for arrival, where, which in distinct.T:
            here = known[where]
            costs = self.rules.costs(here, "", int(which))
            rows.append(self.book.end_row(int(arrival), costs, here, int(which)))
        payoff[ends] = np.array(rows, np.int32)[inverse.ravel()]

    def _game(self, arrays: dict[str, Ints], outcome: Ints) -> Game:
        """The frozen game."""
        n = self.n_nodes
        mover = np.full(n, END, np.int32)
        infoset = np.full(n, -1, np.int32)
        level = np.full(n, self.turn, np.int32)
        for node, actor, sets, turn in self.acted:
            mover[node], infoset[node], level[node] = actor, sets, turn
        parent = arrays["parent"]
        n_children = np.bincount(parent[1:], minlength=n).astype(np.int32)
        first_child = np.full(n, -1, np.int32)
        first_child[parent[:0:-1]] = np.arange(n - 1, 0, -1)
        movers, actions, habits, names = (
            zip(*self.infosets, strict=True) if self.infosets else ((),) * 4
        )
        return Game(
            actors=tuple(actor.id for actor in self.scenario.actors),
            types=tuple(tuple(t.id for t in actor.types) for actor in self.scenario.actors),
            moves=tuple(self.moves),
            outcomes=tuple(o.id for o in self.theatre.outcomes),
            parent=parent,
            first_child=first_child,
            n_children=n_children,
            mover=mover,
            infoset=infoset,
            level=level,
            move=arrays["move"],
            payoff=arrays["payoff"],
            chance=arrays["chance"],
            outcome=outcome,
            infoset_mover=np.array(movers, np.int32),
            infoset_actions=np.array(actions, np.int32),
            infoset_habit=np.array(habits, np.int32),
            infoset_names=tuple(names),
        )
