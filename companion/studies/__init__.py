"""Experiments that chapters report: many trainings, one table."""

from companion.studies.active_learning import choose_next, label_in_rounds
from companion.studies.better import (
    BalancedLoss,
    adamw,
    learning_rates,
    train_recipe,
    trained,
)
from companion.studies.budgets import draw_budget, flip_labels
from companion.studies.combined import COMBINED, Erased
from companion.studies.drift import (
    CHANGES,
    METHODS,
    bet_against,
    change_machine,
    first_alarm,
    stream_p_values,
)
from companion.studies.federated import average_weights, deal_hospitals, fit_federated
from companion.studies.film_worth import matching_interval, matching_size
from companion.studies.gene_survival import held_out_risks
from companion.studies.hand_made import edge_features, hog_features
from companion.studies.hospitals import open_hospitals, train_every_way, train_small
from companion.studies.label_errors import (
    held_out_probabilities,
    plant_label_errors,
    rank_suspects,
    score_search,
    suspect_labels,
)
from companion.studies.learners import LEARNERS, better_cnn, document_model, learn_logistic
from companion.studies.looks import group_by_look
from companion.studies.members import VIEWS, pooled_logits, train_members
from companion.studies.membership import (
    attack_membership,
    fit_private,
    losses_of,
    privacy_of,
)
from companion.studies.phantoms import draw_splits, found_by_all, mark_those, train_on
from companion.studies.power_law import PowerLaw, fit_power_law
from companion.studies.recipes import ASIDE, LATER, STEPS, Recipe, untrained
from companion.studies.selection import RULES, compare_rules, validate_shifted
from companion.studies.transfer import fine_tune, learn_head, over_seeds
from companion.studies.variants import VARIANTS, renormalized, sharpness_aware

__all__ = [
    "ASIDE",
    "CHANGES",
    "COMBINED",
    "LATER",
    "LEARNERS",
    "METHODS",
    "RULES",
    "STEPS",
    "VARIANTS",
    "VIEWS",
    "BalancedLoss",
    "Erased",
    "PowerLaw",
    "Recipe",
    "adamw",
    "attack_membership",
    "average_weights",
    "bet_against",
    "better_cnn",
    "change_machine",
    "choose_next",
    "compare_rules",
    "deal_hospitals",
    "document_model",
    "draw_budget",
    "draw_splits",
    "edge_features",
    "fine_tune",
    "first_alarm",
    "fit_federated",
    "fit_power_law",
    "fit_private",
    "flip_labels",
    "found_by_all",
    "group_by_look",
    "held_out_probabilities",
    "held_out_risks",
    "hog_features",
    "label_in_rounds",
    "learn_head",
    "learn_logistic",
    "learning_rates",
    "losses_of",
    "mark_those",
    "matching_interval",
    "matching_size",
    "open_hospitals",
    "over_seeds",
    "plant_label_errors",
    "pooled_logits",
    "privacy_of",
    "rank_suspects",
    "renormalized",
    "score_search",
    "sharpness_aware",
    "stream_p_values",
    "suspect_labels",
    "train_every_way",
    "train_members",
    "train_on",
    "train_recipe",
    "train_small",
    "trained",
    "untrained",
    "validate_shifted",
]
