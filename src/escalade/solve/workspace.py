"""Working memory of one block of lanes."""

from __future__ import annotations

from typing import Any

import numpy as np

from escalade.game.game import Game
from escalade.game.tables import Tables
from escalade.solve.anderson import Memory
from escalade.solve.krylov import Systems
from escalade.solve.ladder import Lanes
from escalade.solve.lanes import Buffers
from escalade.solve.packs import LANES, room
from escalade.solve.topology import Topology
from escalade.solve.trace import Walk

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
        "value": (int(topology.place.max(initial=0)) + 1 + tables.payoff.shape[0]) * slots,
        "habit": tables.habit.shape[0],
        "chance": tables.chance.shape[0],
        "prior": views * types,
        "scale": len(game.actors),
        "x": game.n_choices,
        "reach": reaches,
        "held": int(np.diff(topology.view_start).max(initial=0)) * reaches,
        "term": topology.n_marginals + topology.n_branches,
        "damp": 1,
        "check": 1,
        "delta": 1,
        "residual": 1,
        "z": actions * types,
        "sigma": actions * types,
        "mixed": max(views, 1) * actions,
        "belief": max(members, types),
    }
    return Buffers(types, slots, game.n_choices, reaches, **_rooms(sizes))


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


def systems(game: Game) -> Systems:
    """Working memory of the linear systems."""
    n = game.n_choices + 1
    depth = int(np.clip(MOST_BYTES // (8 * LANES * n), 10, PRODUCTS))
    vectors = dict.fromkeys(("at", "image", "border", "right", "found"), n)
    sizes = {
        "usable": 1,
        "precision": len(game.actors),
        "sign": 1,
        "sweeps": 1,
        "basis": (depth + 1) * n,
        "matrix": (depth + 1) * depth,
        "turn": 2 * depth,
        "rest": depth + 1,
    }
    return Systems(depth, **_rooms(vectors | sizes))


def walk(game: Game) -> Walk:
    """Working memory of a walk along the branch."""
    n = game.n_choices + 1
    vectors = dict.fromkeys(("point", "along", "weight", "ahead"), n)
    return Walk(**_rooms(dict.fromkeys(Walk._fields, 1) | vectors))


def _rooms(sizes: dict[str, int]) -> dict[str, Any]:
    return {name: room(size) for name, size in sizes.items()}
