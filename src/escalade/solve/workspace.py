"""Working memory of one block of lanes."""

from __future__ import annotations

from typing import Any

import numpy as np

from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve.anderson import Memory
from escalade.solve.fronts import Fronts, Layout
from escalade.solve.krylov import Systems
from escalade.solve.ladder import Lanes
from escalade.solve.lanes import Buffers
from escalade.solve.linear import Slopes
from escalade.solve.newton import Tries
from escalade.solve.packs import LANES, room
from escalade.solve.topology import VALUE, Topology
from escalade.solve.walk import Walk

COLUMNS = 5  # of the acceleration
PRODUCTS = 40  # with the Jacobian in one correction
MOST_BYTES = 2**30  # of Krylov vectors: a game too large for that makes do with fewer products


def buffers(game: Game, topology: Topology, tables: Tables) -> Buffers:
    """Working memory of the sweeps."""
    types = int(np.diff(game.slot_start).max(initial=1))
    slots = game.n_slots
    actions = int(game.infoset_actions.max(initial=1))
    members = int(np.diff(topology.first_member).max(initial=1))
    views = topology.n_views
    reaches = int(np.diff(game.slot_start)[game.infoset_mover].sum())
    sizes = {
        "value": max(int(topology.place.max(initial=0)), (len(tables.payoff) - 1) * slots) + slots,
        "habit": len(topology.norm_row),
        "chance": tables.chance.shape[0],
        "prior": views * types,
        "scale": len(game.actors),
        "x": game.n_choices,
        "reach": reaches,
        "held": int(np.diff(topology.view_start).max(initial=0)) * reaches,
        "term": topology.n_marginals + topology.n_branches,
        "damp": 1,
        "check": 1,
        "steep": 1,
        "delta": 1,
        "residual": 1,
        "z": actions * types,
        "sigma": actions * types,
        "mixed": max(views, 1) * actions,
        "belief": max(members, types),
    }
    counts = (types, slots, game.n_choices, len(tables.chance), reaches)
    return Buffers(*counts, **_rooms(sizes))


def memory(game: Game) -> Memory:
    """Working memory of the acceleration."""
    n = game.n_choices
    sizes = {
        "on": 1,
        "count": 1,
        "start": n,
        "step": n,
        "end": n,
        "steps": COLUMNS * n,
        "ends": COLUMNS * n,
        "gram": COLUMNS * COLUMNS,
        "right": COLUMNS,
        "mixing": COLUMNS,
        "matrix": COLUMNS * COLUMNS,
        "vector": COLUMNS,
    }
    return Memory(COLUMNS, np.zeros(1, dtype=np.int64), **_rooms(sizes))


def lanes(game: Game) -> Lanes:
    """Working memory of the ladder."""
    return Lanes(**_rooms(dict.fromkeys(Lanes._fields, 1) | {"saved": 3 * game.n_choices}))


def slopes(game: Game, topology: Topology, tables: Tables) -> Slopes:
    """Working memory of the linearised sweep."""
    types = int(np.diff(game.slot_start).max(initial=1))
    actions = int(game.infoset_actions.max(initial=1))
    members = int(np.diff(topology.first_member).max(initial=1))
    reaches = int(np.diff(game.slot_start)[game.infoset_mover].sum())
    several, knotted = types > 1, bool((topology.op_kind == VALUE).any())
    first_old = topology.n_marginals + several * reaches
    first_inner = len(tables.payoff) * game.n_slots
    sizes = {
        "sigma": game.n_choices,
        "old": game.n_choices if knotted else 1,
        "action": game.n_choices,
        "belief": len(topology.member),
        "weight": first_old + knotted * game.n_choices,
        "share": topology.n_marginals * types,
        "value": max(int(topology.place.max(initial=0)) - first_inner, 0) + game.n_slots,
        "step": game.n_choices,
        "reach": reaches,
        "lean": members,
        "slope": actions * types,
        "base": actions * types,
        "mixed": max(topology.n_views, 1) * actions,
        "moved": max(topology.n_views, 1) * actions,
    }
    return Slopes(
        first_old + knotted * game.n_choices,
        topology.n_marginals if several else -1,
        first_old if knotted else -1,
        first_inner,
        **_rooms(sizes),
    )


def systems(game: Game, messages: int, layout: Layout) -> Systems:
    """Working memory of the linear systems, in so many messages unless fronts are eliminated."""
    n, m = game.n_choices + 1, 1 if layout.n_fronts else messages + 1
    depth = int(np.clip(MOST_BYTES // (8 * LANES * m), 10, PRODUCTS))
    vectors = dict.fromkeys(("at", "image", "border", "right", "found", "tangent"), n)
    sizes = {
        "usable": 1,
        "precision": len(game.actors),
        "sign": 1,
        "sweeps": 1,
        "short": m,
        "basis": (depth + 1) * m,
        "matrix": (depth + 1) * depth,
        "turn": 2 * depth,
        "rest": depth + 1,
    }
    return Systems(depth, **_rooms(vectors | sizes))


def fronts(layout: Layout) -> Fronts:
    """Working memory of the elimination."""
    return Fronts(layout.n_fronts, **layout.indices, **_rooms(layout.sizes))


def walk(game: Game) -> Walk:
    """Working memory of a walk along the branch."""
    n = game.n_choices + 1
    vectors = dict.fromkeys(("point", "along", "weight", "before", "ahead"), n)
    return Walk(**_rooms(dict.fromkeys(Walk._fields, 1) | vectors))


def tries() -> Tries:
    """Working memory of a search from many starting points."""
    return Tries(**_rooms(dict.fromkeys(Tries._fields, 1)))


def _rooms(sizes: dict[str, int]) -> dict[str, Any]:
    return {name: room(size) for name, size in sizes.items()}
