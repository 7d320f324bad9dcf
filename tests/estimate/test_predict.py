"""Predicted probabilities and first differences."""

from __future__ import annotations

import numpy as np
import pytest

from escalade.errors import EstimateError, ScenarioError
from escalade.estimate import Estimate, Table, first_difference, fit, predict, probabilities
from estimate import made


@pytest.fixture(scope="module")
def found() -> Estimate:
    """A fit to cases of known coefficients."""
    return fit(made.DETERRENCE, made.cases(made.DETERRENCE, made.TRUTH, 1500, 7), starts=4)


def test_predictions_average_to_what_was_seen(found: Estimate) -> None:
    # the scores of constants are 0 at the maximum; private errors keep this only nearly so
    shares = [(found.design.table.columns["end"] == o).mean() for o in predict(found).outcomes]
    assert predict(found).value == pytest.approx(shares, abs=0.01)
    assert probabilities(found).mean(axis=0) == pytest.approx(predict(found).value)


def test_a_first_difference_is_that_of_two_predictions(found: Estimate) -> None:
    low, high = predict(found, {"ally": 0}), predict(found, {"ally": 1})
    change = first_difference(found, {"ally": 0}, {"ally": 1})
    assert change.value == pytest.approx(high.value - low.value)
    assert change.value.sum() == pytest.approx(0, abs=1e-12)
    assert (change.low < change.value).all()
    assert (low.low < low.value).all()
    assert (low.value < low.high).all()


@pytest.mark.slow
def test_intervals_are_those_of_repeated_samples(found: Estimate) -> None:
    """With the cases as they are: what varies between samples are the coefficients alone."""
    columns = found.design.table.columns
    n = len(columns["ally"])
    without, with_ = (Table(columns | {"ally": np.full(n, value)}) for value in (0.0, 1.0))
    samples = [made.cases(made.DETERRENCE, made.TRUTH, 1500, seed) for seed in range(100, 140)]
    values = []
    for sample in samples:
        fitted = fit(made.DETERRENCE, sample, starts=1)
        values.append((probabilities(fitted, with_) - probabilities(fitted, without)).mean(axis=0))
    change = first_difference(found, {"ally": 0}, {"ally": 1})
    spread = (change.high - change.low) / 2 / 1.645
    assert spread == pytest.approx(np.std(values, axis=0), rel=0.35)


def test_other_cases_keep_the_values_of_text(found: Estimate) -> None:
    table = made.cases(made.DETERRENCE, made.TRUTH, 300, 1)
    names = np.array(["low", "mid", "top"])[np.arange(300) % 3]
    utilities = made.DETERRENCE["utilities"] | {"defender": {"war": [1, "kind"]}}
    spec = made.DETERRENCE | {"utilities": utilities}
    fitted = fit(spec, Table(table.columns | {"kind": names}), starts=2)
    one = Table({name: column[1:2] for name, column in fitted.design.table.columns.items()})
    assert probabilities(fitted, one)[0] == pytest.approx(probabilities(fitted)[1])
    with pytest.raises(EstimateError, match=r"column 'kind' is never 'tip'. Did you mean `top`\?"):
        predict(fitted, {"kind": "tip"})
    with pytest.raises(EstimateError, match="there is no column 'kid'"):
        predict(fitted, {"kid": 1})
    with pytest.raises(ScenarioError, match="has no column `kind`"):
        probabilities(fitted, made.cases(made.DETERRENCE, made.TRUTH, 2, 1))
