"""The logit agent quantal response equilibrium of a game, for every draw at once."""

from escalade.solve.derivatives import Derivatives, DerivativeStatus, derivatives
from escalade.solve.reach import outcome_distribution, reach, teaching
from escalade.solve.solution import Equilibria, Solution, Status
from escalade.solve.solve import solve
from escalade.solve.stream import OutcomeBlock, stream_outcomes

__all__ = [
    "DerivativeStatus",
    "Derivatives",
    "Equilibria",
    "OutcomeBlock",
    "Solution",
    "Status",
    "derivatives",
    "outcome_distribution",
    "reach",
    "solve",
    "stream_outcomes",
    "teaching",
]
