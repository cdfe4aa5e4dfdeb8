"""What recurrent layers are made of: their parameters, states and gates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from companion.by_hand._arguments import as_count, as_float_type


class RecurrentParameters(NamedTuple):
    """Weights of a recurrent layer with G blocks: 1 (simple), 4 (LSTM) or 3 (GRU).

    ``input_weights`` (D, G * H), ``state_weights`` (H, G * H), and two biases (G * H,):
    ``input_bias`` is added to the input's product, ``state_bias`` to the state's.
    The blocks stand side by side: input, forget, candidate, output in an LSTM;
    reset, update, candidate in a GRU.
    """

    input_weights: np.ndarray
    state_weights: np.ndarray
    input_bias: np.ndarray
    state_bias: np.ndarray


class LSTMState(NamedTuple):
    """What an LSTM hands to the next step: ``hidden`` (N, H) and ``cell`` (N, H)."""

    hidden: np.ndarray
    cell: np.ndarray


class LSTMGates(NamedTuple):
    """An LSTM's gates, (N, T, H) each, zero behind the end of a sequence.

    ``input``, ``forget`` and ``output`` are from 0 to 1, ``candidate`` is from -1 to 1.
    """

    input: np.ndarray
    forget: np.ndarray
    candidate: np.ndarray
    output: np.ndarray


class GRUGates(NamedTuple):
    """A GRU's gates, (N, T, H) each, zero behind the end of a sequence.

    ``reset`` and ``update`` are from 0 to 1, ``candidate`` is from -1 to 1.
    """

    reset: np.ndarray
    update: np.ndarray
    candidate: np.ndarray


def init_recurrent(
    features: int, units: int, blocks: int, rng: np.random.Generator, *, dtype: type = np.float64
) -> RecurrentParameters:
    """Draw parameters evenly between plus and minus one over the root of the units.

    Parameters
    ----------
    features, units, blocks : int
        D, H and G, from 1 up.
    rng : numpy.random.Generator
        Draws them.
    dtype : type
        float32 or float64.

    Returns
    -------
    RecurrentParameters
        Both biases included, as in PyTorch.

    Raises
    ------
    ValueError
        If a number is no int from 1 up, or `dtype` is another.

    Examples
    --------
    >>> parameters = init_recurrent(3, 2, 4, np.random.default_rng(0))
    >>> [array.shape for array in parameters]
    [(3, 8), (2, 8), (8,), (8,)]
    """
    features, units, blocks = (
        as_count(name, value, least=1)
        for name, value in (("features", features), ("units", units), ("blocks", blocks))
    )
    dtype = as_float_type(dtype)
    bound, wide = units**-0.5, blocks * units
    return RecurrentParameters(
        *(
            rng.uniform(-bound, bound, shape).astype(dtype)
            for shape in ((features, wide), (units, wide), (wide,), (wide,))
        )
    )
