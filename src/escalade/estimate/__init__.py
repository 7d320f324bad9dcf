"""Fitting games to past cases."""

from __future__ import annotations

from escalade.estimate.bootstrap import Bootstrap, bootstrap
from escalade.estimate.fitting import Estimate, fit
from escalade.estimate.model import Model, read_model
from escalade.estimate.predict import Prediction, first_difference, predict, probabilities
from escalade.estimate.rivals import Comparison, HeldOut, clarke, cross_validate, vuong
from escalade.estimate.table import Table, read_table

__all__ = [
    "Bootstrap",
    "Comparison",
    "Estimate",
    "HeldOut",
    "Model",
    "Prediction",
    "Table",
    "bootstrap",
    "clarke",
    "cross_validate",
    "first_difference",
    "fit",
    "predict",
    "probabilities",
    "read_model",
    "read_table",
    "vuong",
]
