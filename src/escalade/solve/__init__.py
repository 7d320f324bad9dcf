"""The logit agent quantal response equilibrium of a game, for every draw at once."""

from escalade.solve.derivatives import Derivatives, DerivativeStatus, derivatives
from escalade.solve.reach import outcome_distribution, reach, teaching
from escalade.solve.solution import Solution, Status
from escalade.solve.solve import solve

__all__ = [
    "DerivativeStatus",
    "Derivatives",
    "Solution",
    "Status",
    "derivatives",
    "outcome_distribution",
    "reach",
    "solve",
    "teaching",
]
