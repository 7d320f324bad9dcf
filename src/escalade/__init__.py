"""From a written assessment of a crisis to a runnable model, and to a forecast.

The package is a front door: a name is imported from its room when it is first asked for, so
that reading and checking a scenario never waits for compilers or figures. A function has
another name here than its room where the two would be confused: `solve_game` is
`escalade.solve.solve.solve`, for `escalade.solve` is the room.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "compile_theatre",
    "forecast_scenario",
    "read_efg",
    "read_ledger",
    "read_scenario",
    "score_ledger",
    "solve_game",
    "write_efg",
]

if TYPE_CHECKING:
    from escalade.forecast.forecast import forecast as forecast_scenario
    from escalade.game.compile import compile_theatre
    from escalade.game.efg import read_efg
    from escalade.game.efg_writer import write_efg
    from escalade.ledger.ledger import read_ledger
    from escalade.ledger.score import score as score_ledger
    from escalade.scenario.read import read_scenario
    from escalade.solve.solve import solve as solve_game
else:
    _HOMES = {
        "compile_theatre": ("escalade.game.compile", "compile_theatre"),
        "forecast_scenario": ("escalade.forecast.forecast", "forecast"),
        "read_efg": ("escalade.game.efg", "read_efg"),
        "read_ledger": ("escalade.ledger.ledger", "read_ledger"),
        "read_scenario": ("escalade.scenario.read", "read_scenario"),
        "score_ledger": ("escalade.ledger.score", "score"),
        "solve_game": ("escalade.solve.solve", "solve"),
        "write_efg": ("escalade.game.efg_writer", "write_efg"),
    }

    def __getattr__(name: str) -> object:
        """Import a name of the front door from its room, once."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        room, attribute = _HOMES[name]
        globals()[name] = getattr(import_module(room), attribute)
        return globals()[name]

    def __dir__() -> list[str]:
        """All names of the front door, imported yet or not."""
        return sorted(__all__)
