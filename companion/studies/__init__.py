"""Experiments that chapters report: many trainings, one table."""

from companion.studies.active_learning import choose_next, label_in_rounds
from companion.studies.budgets import draw_budget, flip_labels
from companion.studies.film_worth import matching_interval, matching_size
from companion.studies.hand_made import edge_features, hog_features
from companion.studies.learners import LEARNERS, better_cnn, document_model, learn_logistic
from companion.studies.phantoms import draw_splits, found_by_all, mark_those, train_on
from companion.studies.power_law import PowerLaw, fit_power_law
from companion.studies.transfer import fine_tune, learn_head, over_seeds

__all__ = [
    "LEARNERS",
    "PowerLaw",
    "better_cnn",
    "choose_next",
    "document_model",
    "draw_budget",
    "draw_splits",
    "edge_features",
    "fine_tune",
    "fit_power_law",
    "flip_labels",
    "found_by_all",
    "hog_features",
    "label_in_rounds",
    "learn_head",
    "learn_logistic",
    "mark_those",
    "matching_interval",
    "matching_size",
    "over_seeds",
    "train_on",
]
