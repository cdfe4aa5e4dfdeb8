"""What a clinic would ask: when not to answer, how fast a heart beats."""

from companion.applications.abstention import (
    Abstention,
    coverage_risk,
    threshold_for_coverage,
    threshold_for_risk,
)
from companion.applications.conformal import (
    conformal_thresholds,
    describe_sets,
    prediction_sets,
)
from companion.applications.detectors import (
    detection_auroc,
    energy_score,
    fit_mahalanobis,
    fit_neighbours,
    max_probability_score,
)

__all__ = [
    "Abstention",
    "conformal_thresholds",
    "coverage_risk",
    "describe_sets",
    "detection_auroc",
    "energy_score",
    "fit_mahalanobis",
    "fit_neighbours",
    "max_probability_score",
    "prediction_sets",
    "threshold_for_coverage",
    "threshold_for_risk",
]
