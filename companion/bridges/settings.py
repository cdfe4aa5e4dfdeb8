"""Settings that mean one thing in PyTorch and another in Keras, translated.

Keras' momentum of batch normalisation is one minus PyTorch's, and its kept variance is not
corrected for the mean. Keras' Adam adds epsilon before it corrects the means, PyTorch's after.
"""

from __future__ import annotations

import keras
from torch import nn


def batch_norm_settings(layer) -> dict:
    """Return what :func:`companion.by_hand.normalization.batch_norm` must be told to do the same.

    Parameters
    ----------
    layer : torch.nn.BatchNorm2d, torch.nn.BatchNorm1d or keras.layers.BatchNormalization
        Its numbers are translated.

    Returns
    -------
    dict
        ``momentum``, ``epsilon`` and ``unbiased``.

    Raises
    ------
    ValueError
        If it is another layer, or PyTorch averages over all batches alike (``momentum=None``).

    Examples
    --------
    >>> batch_norm_settings(nn.BatchNorm2d(1))
    {'momentum': 0.1, 'epsilon': 1e-05, 'unbiased': True}
    """
    if not isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | keras.layers.BatchNormalization):
        raise ValueError(f"layer must be a batch normalisation, got {type(layer).__name__}")
    if layer.momentum is None:
        raise ValueError(f"momentum must be a number, got None in {layer}")
    if isinstance(layer, nn.Module):
        return {"momentum": layer.momentum, "epsilon": layer.eps, "unbiased": True}
    return {"momentum": 1 - layer.momentum, "epsilon": layer.epsilon, "unbiased": False}


def torch_adam_epsilon(keras_epsilon: float, step: int, *, beta2: float = 0.999) -> float:
    """Return the epsilon with which PyTorch's Adam takes the step that Keras' takes.

    Parameters
    ----------
    keras_epsilon : float
        Keras' default is 1e-7.
    step : int
        From 1.
    beta2 : float
        Decay of the squared gradients' mean.

    Returns
    -------
    float
        It shrinks towards `keras_epsilon` as the steps go on.

    Raises
    ------
    ValueError
        If `step` is below 1, `beta2` outside 0 to 1, or the epsilon negative.

    References
    ----------
    D. Kingma and J. Ba, Adam, ICLR 2015, end of section 2: the other order of computation.

    Examples
    --------
    >>> round(torch_adam_epsilon(1e-7, 1), 9)
    3.162e-06
    """
    if step < 1 or not 0 <= beta2 < 1 or not keras_epsilon >= 0:
        raise ValueError(
            f"keras_epsilon must be at least 0, step at least 1 and beta2 from 0 to below 1, "
            f"got {keras_epsilon}, {step} and {beta2}"
        )
    return keras_epsilon / (1 - beta2**step) ** 0.5
