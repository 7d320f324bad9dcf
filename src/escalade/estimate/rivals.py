"""Which of two models says more about the same cases, and how well one predicts others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc
from scipy.stats import norm

from escalade.errors import EstimateError
from escalade.estimate.design import Design
from escalade.estimate.fitting import Estimate
from escalade.estimate.jets import Floats
from escalade.estimate.likelihood import Likelihood
from escalade.estimate.maximise import maximise
from escalade.estimate.observations import leaves
from escalade.estimate.penalties import penalised, spreads
from escalade.estimate.starts import first_points
from escalade.estimate.tree import Offer


@dataclass(frozen=True)
class Comparison:
    """A test of two models that are not nested.

    Attributes:
        statistic: Vuong's z, or Clarke's number of cases; large for the first model.
        p: How often a statistic as far off arises between models that are equally good.
        cases: Number of cases; a case with a weight counts so often.
    """

    statistic: float
    p: float
    cases: int


def vuong(first: Estimate, second: Estimate) -> Comparison:
    """Vuong's (1989) test, with Schwarz's correction for the number of coefficients.

    Raises:
        EstimateError: When the models were not fitted to the same cases.
    """
    gains, weight, cost = _gains(first, second)
    cases = float(weight.sum())
    total = float(gains @ weight)
    spread = float(np.sqrt((gains - total / cases) ** 2 @ weight))
    z = (total - cost) / spread if spread else 0.0
    return Comparison(z, float(2.0 * norm.sf(abs(z))), round(cases))


def clarke(first: Estimate, second: Estimate) -> Comparison:
    """Clarke's (2007) distribution-free test, with the same correction.

    Raises:
        EstimateError: When the models were not fitted to the same cases.
    """
    gains, weight, cost = _gains(first, second)
    cases = float(weight.sum())
    ahead = float(weight[gains - cost / cases > 0].sum())
    least = min(ahead, cases - ahead)
    tail = float(betainc(cases - least, least + 1.0, 0.5))  # binomial; weights may have fractions
    return Comparison(ahead, min(1.0, 2.0 * tail), round(cases))


def _gains(first: Estimate, second: Estimate) -> tuple[Floats, Floats, float]:
    """[case] Log-likelihood of the first less that of the second; weights; what its size costs."""
    one, other = first.design, second.design
    if one.n_cases != other.n_cases:
        shown = f"{one.n_cases} and {other.n_cases}"
        raise EstimateError(f"the models were fitted to different cases ({shown})")
    if (one.weight != other.weight).any():
        names = " and ".join(str(each.model.file.weight or None) for each in (one, other))
        raise EstimateError(f"the models give cases different weights (`weight` is {names})")
    logs = [Likelihood(e.design).point(e.theta).log_seen for e in (first, second)]
    cost = 0.5 * np.log(one.weight.sum()) * (len(first.theta) - len(second.theta))
    return logs[0] - logs[1], one.weight, float(cost)


@dataclass(frozen=True)
class HeldOut:
    """Scores of predictions of cases that a model was not fitted to; smaller is better.

    Attributes:
        log: Mean of −ln of the probability of what happened.
        brier: Mean squared distance of probabilities from what happened, summed over outcomes.
        rps: The same of cumulated probabilities, in the order of outcomes.
        folds: Number of parts that were held out in turn.
    """

    log: float
    brier: float
    rps: float
    folds: int


def cross_validate(
    estimate: Estimate,
    *,
    folds: int = 10,
    order: Sequence[str] = (),
    starts: int = 8,
    seed: int = 0,
) -> HeldOut:
    """Fit to all folds but one, predict that one, and score; clusters stay together.

    Args:
        estimate: A fitted model; its penalty is kept.
        folds: Number of parts.
        order: Outcomes from one extreme to the other, for the ranked probability score; by
            default, the order of the tree.
        starts: Of each search.
        seed: Of the folds and the starts.

    Raises:
        EstimateError: When cases do not each show one end; for counts of too many cases.
        ValueError: When there are fewer than 2 folds or more than cases, or `order` misses some.
    """
    design = estimate.design.counted()
    tree = design.model.tree
    groups = int(design.cluster.max()) + 1
    if not 2 <= folds <= groups:
        raise ValueError(f"folds is {folds}; it must lie between 2 and {groups}")
    if order and set(order) != set(tree.outcomes):
        raise ValueError(f"order is {list(order)}; expected the outcomes {list(tree.outcomes)}")
    if isinstance(tree.root, Offer) or not (design.shown.sum(axis=0) == 1).all():
        raise EstimateError("scores need cases that each show one end")
    fold = np.random.default_rng(seed).permutation(np.arange(groups) % folds)[design.cluster]
    chances = np.zeros(design.shown.shape)
    for number in range(folds):
        theta = _refit(estimate, design.take(np.flatnonzero(fold != number)), starts, seed)
        held = np.flatnonzero(fold == number)
        chances[:, held] = Likelihood(design.take(held)).chances(theta)
    place = [list(order or tree.outcomes).index(tree.outcomes[o]) for _, o in leaves(tree)]
    predicted, seen = (np.zeros((len(tree.outcomes), design.n_cases)) for _ in range(2))
    np.add.at(predicted, place, chances)
    np.add.at(seen, place, design.shown.astype(float))
    weight = design.weight / design.weight.sum()
    log = -np.log((chances * design.shown).sum(axis=0))
    brier = ((predicted - seen) ** 2).sum(axis=0)
    rps = (np.cumsum(predicted - seen, axis=0)[:-1] ** 2).sum(axis=0)
    return HeldOut(float(log @ weight), float(brier @ weight), float(rps @ weight), folds)


def _refit(estimate: Estimate, design: Design, starts: int, seed: int) -> Floats:
    """The same model fitted to other cases."""
    likelihood = Likelihood(design)
    objective = penalised(likelihood, estimate.penalty)
    points = first_points(design, starts, seed)
    points[0] = estimate.theta
    with np.errstate(all="ignore"):
        return maximise(objective, points, spreads(design)).best.theta
