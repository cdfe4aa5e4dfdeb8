"""Where a model looks: saliency maps, and how they are judged.

Every function here leaves the model as it was: weights, gradients, modes, statistics, hooks.
"""

from companion.explanation.attention import attention_maps, swap_attention
from companion.explanation.judging import BASELINES, edges, judge, randomise, score_maps
from companion.explanation.maps import METHODS, explain
from companion.explanation.named_features import film_features
from companion.explanation.scores import (
    deletion_insertion,
    energy_inside,
    pointing_game,
    rank_agreement,
)
from companion.explanation.units import maximise_activation, unit_activations

__all__ = [
    "BASELINES",
    "METHODS",
    "attention_maps",
    "deletion_insertion",
    "edges",
    "energy_inside",
    "explain",
    "film_features",
    "judge",
    "maximise_activation",
    "pointing_game",
    "randomise",
    "rank_agreement",
    "score_maps",
    "swap_attention",
    "unit_activations",
]
