"""Fitting games to past cases."""

from __future__ import annotations

from escalade.estimate.bootstrap import Bootstrap, bootstrap
from escalade.estimate.fitting import Estimate, fit
from escalade.estimate.model import Model, read_model
from escalade.estimate.posterior import Posterior, laplace, sample
from escalade.estimate.predict import Prediction, first_difference, predict, probabilities
from escalade.estimate.profile import Profile, profile
from escalade.estimate.rivals import Comparison, HeldOut, clarke, cross_validate, vuong
from escalade.estimate.simulate import simulate
from escalade.estimate.table import Table, read_table

__all__ = [
    "Bootstrap",
    "Comparison",
    "Estimate",
    "HeldOut",
    "Model",
    "Posterior",
    "Prediction",
    "Profile",
    "Table",
    "bootstrap",
    "clarke",
    "cross_validate",
    "first_difference",
    "fit",
    "laplace",
    "predict",
    "probabilities",
    "profile",
    "read_model",
    "read_table",
    "sample",
    "simulate",
    "vuong",
]
