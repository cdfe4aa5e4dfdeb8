"""Delayed recall: a signal seen at the start must be reported after a delay."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from companion.in_torch.recurrent import _one_thread


def make_recall(
    number: int, delay: int, rng: np.random.Generator, *, noise: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences whose first value, 1 or -1, must be told after a delay full of noise.

    Parameters
    ----------
    number, delay : int
        How many sequences, and how many steps of noise follow the signal; from 1 up.
    rng : numpy.random.Generator
        Draws signals and noise.
    noise : float
        Standard deviation of what follows the signal.

    Returns
    -------
    sequences : numpy.ndarray
        float32, (N, delay + 1, 1).
    labels : numpy.ndarray
        float32, (N,): 1 where the first value was 1, 0 where it was -1.

    Raises
    ------
    ValueError
        If `number` or `delay` is below 1.

    Examples
    --------
    >>> sequences, labels = make_recall(3, 10, np.random.default_rng(0))
    >>> sequences.shape, bool((sequences[:, 0, 0] == 2 * labels - 1).all())
    ((3, 11, 1), True)
    """
    if number < 1 or delay < 1:
        raise ValueError(f"number and delay must be 1 or more, got {number} and {delay}")
    labels = rng.integers(0, 2, number).astype(np.float32)
    sequences = noise * rng.standard_normal((number, delay + 1, 1), dtype=np.float32)
    sequences[:, 0, 0] = 2 * labels - 1
    return sequences, labels


def open_gates(layer: nn.LSTM | nn.GRU, bias: float) -> None:
    """Give the gate that keeps the old state a bias: the larger, the longer it remembers.

    Parameters
    ----------
    layer : torch.nn.LSTM or torch.nn.GRU
        Of one level; changed in place. Its forget gate, or update gate, gets the bias in all units.
    bias : float
        What is added to the gate's weighted sum: 0 keeps half, 3 keeps 95 % at each step.

    Raises
    ------
    ValueError
        If the layer has no such gate.

    Examples
    --------
    >>> layer = torch.nn.LSTM(1, 2)
    >>> open_gates(layer, 3.0)
    >>> (layer.bias_ih_l0 + layer.bias_hh_l0)[2:4].tolist()
    [3.0, 3.0]
    """
    if not isinstance(layer, nn.LSTM | nn.GRU):
        raise ValueError(f"layer must be an LSTM or a GRU, got {type(layer).__name__}")
    units = layer.hidden_size
    keeps = slice(units, 2 * units)  # the second block of both: forget gate, update gate
    with torch.no_grad():
        layer.bias_ih_l0[keeps] = bias
        layer.bias_hh_l0[keeps] = 0


def fit_recall(
    model: nn.Module,
    delay: int,
    rng: np.random.Generator,
    *,
    batches: int = 300,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
) -> list[float]:
    """Train a model to tell the first value of a sequence after its last one.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, T, 1), gives (N, T, 1); its last output is the logit of "the signal was 1".
    delay : int
        Steps of noise behind the signal.
    rng : numpy.random.Generator
        Draws new sequences for every batch: none is seen twice.
    batches, batch_size : int
        Steps of Adam, and sequences in each.
    learning_rate : float
        Of Adam; the norm of the gradient is clipped to 1.

    Returns
    -------
    list of float
        The loss of every batch, in nats.

    Examples
    --------
    >>> from companion.in_torch import NextSample
    >>> len(fit_recall(NextSample("gru", 1, 4), 5, np.random.default_rng(0), batches=3))
    3
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses = []
    with _one_thread():
        for _ in range(batches):
            sequences, labels = map(torch.from_numpy, make_recall(batch_size, delay, rng))
            logits = model(sequences)[:, -1, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
    return losses


def recall_accuracy(
    model: nn.Module, delay: int, rng: np.random.Generator, *, number: int = 1000
) -> float:
    """Return the share of new sequences whose first value the model tells rightly.

    Parameters
    ----------
    model, delay : as in :func:`fit_recall`
    rng : numpy.random.Generator
        Draws the sequences.
    number : int
        How many.

    Returns
    -------
    float
        From 0 to 1; guessing gives 0.5.

    Examples
    --------
    >>> from companion.in_torch import NextSample
    >>> 0 <= recall_accuracy(NextSample("gru", 1, 4), 5, np.random.default_rng(0)) <= 1
    True
    """
    sequences, labels = make_recall(number, delay, rng)
    with torch.inference_mode(), _one_thread():
        logits = model(torch.from_numpy(sequences))[:, -1, 0].numpy()
    return float(((logits > 0) == (labels == 1)).mean())
