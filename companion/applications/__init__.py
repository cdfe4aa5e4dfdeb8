"""What a clinic would ask: when not to answer, where to treat, with which dose, and what then."""

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
from companion.applications.contours import (
    contours_to_mask,
    grow_mask,
    mask_to_contours,
    move_mask,
    shrink_mask,
)
from companion.applications.detectors import (
    detection_auroc,
    energy_score,
    fit_mahalanobis,
    fit_neighbours,
    max_probability_score,
)
from companion.applications.dose import (
    DoseVolumeHistogram,
    conformity_index,
    dose_at_volume,
    dose_table,
    dose_volume_histogram,
    homogeneity_index,
    volume_at_dose,
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
from companion.applications.phantoms import Phantom, load_tg119
from companion.applications.plan_doses import beam_doses, dose_on_ct
from companion.applications.planning import (
    Influence,
    Objective,
    TreatmentPlan,
    dose_influence,
    optimize_plan,
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
    reader_masks,
)
from companion.applications.rules import SIGNS, add_evidence, cost_of, decide, draw_signs
from companion.applications.segmentation import (
    SegmentationScores,
    score_segmentation,
    surface_distances,
)
from companion.applications.squared_error import brier_score
from companion.applications.structure_masks import structure_mask
from companion.applications.structures import means_by_patient, score_scans
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
    "DoseVolumeHistogram",
    "Heartbeat",
    "Influence",
    "Objective",
    "Phantom",
    "PhantomStudy",
    "Prognoses",
    "SegmentationScores",
    "TreatmentPlan",
    "add_evidence",
    "agreement_table",
    "baseline_survival",
    "beam_doses",
    "brier_score",
    "calibration_at",
    "check_follow_up",
    "check_units",
    "compare_concordance",
    "concordance",
    "conformal_thresholds",
    "conformity_index",
    "contours_to_mask",
    "cost_of",
    "coverage_risk",
    "cross_validate",
    "decide",
    "describe_sets",
    "detection_auroc",
    "dose_at_volume",
    "dose_influence",
    "dose_on_ct",
    "dose_table",
    "dose_volume_histogram",
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
    "grow_mask",
    "homogeneity_index",
    "landmark",
    "learn_cox",
    "learn_visits",
    "load_tg119",
    "mask_to_contours",
    "max_probability_score",
    "means_by_patient",
    "move_mask",
    "optimize_plan",
    "outline_dice",
    "prediction_sets",
    "rating_table",
    "reader_counts",
    "reader_masks",
    "risk_by",
    "score_scans",
    "score_segmentation",
    "shrink_mask",
    "structure_mask",
    "surface_distances",
    "threshold_for_coverage",
    "threshold_for_risk",
    "true_concordance",
    "volume_at_dose",
]
