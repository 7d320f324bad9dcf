"""Cases drawn from a model with known coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from escalade.errors import EstimateError
from escalade.estimate import fit, simulate
from escalade.estimate.design import bind
from escalade.estimate.model import read_model
from estimate import made


def test_simulated_cases_are_as_often_as_the_model_says() -> None:
    ally = {"ally": np.arange(4000) % 2.0}
    names = fit(made.SIGNAL, made.cases(made.SIGNAL, made.SIGNAL_TRUTH, 100, 1), starts=1).terms
    truth = dict(zip(names, made.SIGNAL_TRUTH.tolist(), strict=True))
    drawn = simulate(made.SIGNAL, ally, truth, seed=3)
    ends = ["status quo", "gain", "war", "retreat"]
    for value in (0.0, 1.0):
        here = drawn.columns["end"][drawn.columns["ally"] == value]
        shares = [(here == end).mean() for end in ends]
        assert shares == pytest.approx(made.threats(made.SIGNAL_TRUTH, value), abs=0.03)
    assert simulate(made.SIGNAL, ally, truth, seed=3).columns["end"].tolist() == (
        drawn.columns["end"].tolist()
    )
    with pytest.raises(EstimateError, match="no coefficient 'log odd'"):
        simulate(made.SIGNAL, ally, truth | {"log odd": 1.0})
    with pytest.raises(EstimateError, match=r"have no value: log odds\(challenger.resolute\)"):
        simulate(made.SIGNAL, ally, {name: truth[name] for name in names[1:]})


def test_simulated_moves_are_written_as_the_model_reads_them() -> None:
    observed = {"moves": {"attacked": {"wait": 0, "attack": [1, 2]}, "reply": {}}}
    spec = made.DETERRENCE | {"observed": observed}
    truth = dict(zip(bind(read_model(made.DETERRENCE), made.cases(
        made.DETERRENCE, made.TRUTH, 20, 1)).terms, made.TRUTH.tolist(), strict=True))  # fmt: skip
    drawn = simulate(spec, made.columns(300, 1), truth)
    assert set(drawn.columns["attacked"].tolist()) == {"0", "1"}
    assert set(drawn.columns["reply"].tolist()) == {"", "give way", "resist"}
    by_move = bind(read_model(spec), drawn)
    assert (by_move.shown.sum(axis=0) == 1).all()
