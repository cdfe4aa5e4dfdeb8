"""What a clinic would ask: when not to answer, how far readers agree, what becomes of a patient."""

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
from companion.applications.hazards import baseline_survival, fit_hazards
from companion.applications.heartbeat import (
    Heartbeat,
    find_heartbeat,
    find_repeats,
    frame_similarity,
)
from companion.applications.horizons import (
    DAYS_PER_MONTH,
    calibration_at,
    check_units,
    landmark,
    risk_by,
)
from companion.applications.phantom_follow_up import (
    PhantomStudy,
    draw_follow_up,
    true_concordance,
)
from companion.applications.prognoses import (
    Prognoses,
    cross_validate,
    learn_cox,
    learn_visits,
)
from companion.applications.readers import (
    agreement_table,
    outline_dice,
    rating_table,
    reader_counts,
)
from companion.applications.rules import SIGNS, add_evidence, cost_of, decide, draw_signs
from companion.applications.squared_error import brier_score
from companion.applications.survival import (
    check_follow_up,
    compare_concordance,
    concordance,
    dynamic_auc,
)

__all__ = [
    "DAYS_PER_MONTH",
    "SIGNS",
    "Abstention",
    "Heartbeat",
    "PhantomStudy",
    "Prognoses",
    "add_evidence",
    "agreement_table",
    "baseline_survival",
    "brier_score",
    "calibration_at",
    "check_follow_up",
    "check_units",
    "compare_concordance",
    "concordance",
    "conformal_thresholds",
    "cost_of",
    "coverage_risk",
    "cross_validate",
    "decide",
    "describe_sets",
    "detection_auroc",
    "draw_follow_up",
    "draw_signs",
    "dynamic_auc",
    "energy_score",
    "find_heartbeat",
    "find_repeats",
    "fit_hazards",
    "fit_mahalanobis",
    "fit_neighbours",
    "frame_similarity",
    "landmark",
    "learn_cox",
    "learn_visits",
    "max_probability_score",
    "outline_dice",
    "prediction_sets",
    "rating_table",
    "reader_counts",
    "risk_by",
    "threshold_for_coverage",
    "threshold_for_risk",
    "true_concordance",
]
