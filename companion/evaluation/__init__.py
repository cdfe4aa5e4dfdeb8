"""What a score is worth: metrics with intervals, calibration, comparison, decisions."""

from companion.evaluation.agreement import fleiss_kappa, krippendorff_alpha, pairwise_kappa
from companion.evaluation.calibration import METHODS as CALIBRATION_METHODS
from companion.evaluation.calibration import (
    fit_isotonic,
    fit_platt,
    fit_temperature,
    reliability_table,
)
from companion.evaluation.comparison import Comparison, delong, holm, mcnemar
from companion.evaluation.decisions import (
    explain_gap,
    net_benefit,
    predictive_values,
    threshold_for_recall,
)
from companion.evaluation.intervals import Estimate, interval_methods, mean_estimate, mean_interval
from companion.evaluation.model_card import model_card
from companion.evaluation.report import METRICS, Report, evaluate
from companion.evaluation.sample_size import films_to_see_gain, films_to_see_gap
from companion.evaluation.simulation import draw_study

__all__ = [
    "CALIBRATION_METHODS",
    "METRICS",
    "Comparison",
    "Estimate",
    "Report",
    "delong",
    "draw_study",
    "evaluate",
    "explain_gap",
    "films_to_see_gain",
    "films_to_see_gap",
    "fit_isotonic",
    "fit_platt",
    "fit_temperature",
    "fleiss_kappa",
    "holm",
    "interval_methods",
    "krippendorff_alpha",
    "mcnemar",
    "mean_estimate",
    "mean_interval",
    "model_card",
    "net_benefit",
    "pairwise_kappa",
    "predictive_values",
    "reliability_table",
    "threshold_for_recall",
]
