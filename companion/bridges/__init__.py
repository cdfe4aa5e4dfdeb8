"""The same model in another framework: weights, axes and gate orders are translated here only."""

from companion.bridges.settings import batch_norm_settings, torch_adam_epsilon
from companion.bridges.weights import copy_weights, numpy_parameters, set_parameters

__all__ = [
    "batch_norm_settings",
    "copy_weights",
    "numpy_parameters",
    "set_parameters",
    "torch_adam_epsilon",
]
