"""What a clinic would ask: when not to answer, how fast a heart beats, how far readers agree."""

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
from companion.applications.heartbeat import (
    Heartbeat,
    find_heartbeat,
    find_repeats,
    frame_similarity,
)
from companion.applications.readers import (
    agreement_table,
    outline_dice,
    rating_table,
    reader_counts,
)
from companion.applications.rules import SIGNS, add_evidence, cost_of, decide, draw_signs

__all__ = [
    "SIGNS",
    "Abstention",
    "Heartbeat",
    "add_evidence",
    "agreement_table",
    "conformal_thresholds",
    "cost_of",
    "coverage_risk",
    "decide",
    "describe_sets",
    "detection_auroc",
    "draw_signs",
    "energy_score",
    "find_heartbeat",
    "find_repeats",
    "fit_mahalanobis",
    "fit_neighbours",
    "frame_similarity",
    "max_probability_score",
    "outline_dice",
    "prediction_sets",
    "rating_table",
    "reader_counts",
    "threshold_for_coverage",
    "threshold_for_risk",
]
