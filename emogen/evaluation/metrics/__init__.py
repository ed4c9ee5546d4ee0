"""The field's metrics as plain functions on numpy arrays, usable alone: `metrics.ccc(truth, found)`.

One module a subject; docs/metrics.md lists all of them with range, direction and source. The reference always
comes first. Shapes that do not fit, empty arrays and nan raise `emogen.errors.InputError`.
"""

from __future__ import annotations

from emogen.evaluation.metrics.bootstrap import bootstrap
from emogen.evaluation.metrics.calibration import Reliability, brier, ece, fit_temperature, reliability
from emogen.evaluation.metrics.dimensions import ccc, mae, pearson, rmse
from emogen.evaluation.metrics.distributions import (
    canberra,
    chebyshev,
    clark,
    cosine,
    intersection,
    js_divergence,
    kl,
)
from emogen.evaluation.metrics.labels import accuracy, confusion, macro_f1, uar, war

__all__ = [
    "Reliability",
    "accuracy",
    "bootstrap",
    "brier",
    "canberra",
    "ccc",
    "chebyshev",
    "clark",
    "confusion",
    "cosine",
    "ece",
    "fit_temperature",
    "intersection",
    "js_divergence",
    "kl",
    "macro_f1",
    "mae",
    "pearson",
    "reliability",
    "rmse",
    "uar",
    "war",
]
