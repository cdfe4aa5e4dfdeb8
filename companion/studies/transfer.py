"""Does a start from photographs help? One network three ways, under one budget of updates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from scipy.special import expit, logit
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from companion.evaluation import Estimate
from companion.films import Films
from companion.in_torch import TransferCNN, fit
from companion.in_torch.training import in_batches

#: Every network is given so many updates at most, however few its films are.
UPDATES, BATCH_SIZE = 120, 16
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def learn_head(train: Films, selection: Films, seed: int = 0, *, size: int = 64) -> TransferCNN:
    """Keep what was learned from photographs; learn the last layer by logistic regression.

    Parameters
    ----------
    train, selection : companion.films.Films
        To learn from, and to choose the penalty on.
    seed : int
        Not used: the fit has no randomness.
    size : int
        Height and width that the backbone sees.

    Returns
    -------
    TransferCNN
        Frozen but for its last layer.

    Raises
    ------
    ValueError
        If the images are not (N, 1, H, W), or `size` is below 32.

    Examples
    --------
    >>> films = Films(np.random.default_rng(0).random((8, 1, 28, 28)), np.arange(8) % 2)
    >>> learn_head(films, films, size=32).pretrained
    True
    """
    model = TransferCNN(size=size).freeze()
    seen, chosen_on = (
        in_batches(model, model.features, films.images, 64).double().numpy()
        for films in (train, selection)
    )
    scale = StandardScaler().fit(seen)

    def _loss(regression):
        chances = regression.predict_proba(scale.transform(chosen_on))[:, 1]
        return log_loss(selection.labels, chances, labels=[0, 1])

    with threadpool_limits(1):
        fitted = [
            LogisticRegression(C=penalty, tol=1e-6, max_iter=5000).fit(
                scale.transform(seen), train.labels
            )
            for penalty in PENALTIES
        ]
    best = min(fitted, key=_loss)
    # The scaling becomes part of the weights, so that the network takes features as they are.
    weights = best.coef_[0] / scale.scale_
    with torch.no_grad():
        model.classifier.weight.copy_(torch.from_numpy(weights)[None])
        model.classifier.bias.copy_(torch.from_numpy(best.intercept_ - weights @ scale.mean_))
    return model


def fine_tune(
    model: TransferCNN,
    train: Films,
    selection: Films,
    seed: int = 0,
    *,
    learning_rate: float = 3e-4,
    updates: int = UPDATES,
) -> TransferCNN:
    """Let all weights learn, a little at a time; keep the epoch that is best on the selection.

    Parameters
    ----------
    model : TransferCNN
        Of :func:`learn_head`, or one with random weights; changed in place.
    train, selection : companion.films.Films
        To learn from, and to choose the epoch on.
    seed : int
        Of the order of the films.
    learning_rate : float
        Of Adam.
    updates : int
        At most so many, from 1.

    Returns
    -------
    TransferCNN
        `model`.

    Raises
    ------
    ValueError
        If `updates` is below 1.
    FloatingPointError
        If the loss is no longer finite.

    References
    ----------
    Kumar et al., arXiv:2202.10054: fine-tuning after the last layer was learned.

    Examples
    --------
    >>> films = Films(np.random.default_rng(0).random((8, 1, 28, 28)), np.arange(8) % 2)
    >>> fine_tune(TransferCNN(size=32), films, films, updates=1).pretrained
    True
    """
    if updates < 1:
        raise ValueError(f"updates must be at least 1, got {updates}")
    model.unfreeze()
    epochs = math.ceil(updates / math.ceil(len(train) / BATCH_SIZE))
    fit(
        model, train, validation=selection, epochs=epochs, batch_size=BATCH_SIZE, seed=seed,
        optimizer=partial(torch.optim.Adam, lr=learning_rate), progress=False,
    )  # fmt: skip
    return model


def over_seeds(estimates: Sequence[Estimate], *, share: bool = False) -> Estimate:
    """Return the mean of a score over seeds, with an interval for new seeds and new films.

    Half of its width is the root of the sum of two squares: that of Student's interval over seeds,
    and the mean of that which each estimate has for its films. The films are the same for all
    seeds, so that their part does not shrink with the number of seeds.

    Parameters
    ----------
    estimates : sequence of Estimate
        One a seed, at least two, at 95 %.
    share : bool
        Whether the score lies between 0 and 1, as an AUROC does: the ends are found in logits.

    Returns
    -------
    Estimate
        Of the mean; without ends, and with the reason, where one of `estimates` has none, or where
        one is 0 or 1.

    Raises
    ------
    ValueError
        If there are fewer than two.

    Examples
    --------
    >>> one = Estimate(0.5, 0.4, 0.6)
    >>> print(over_seeds([one, one]))
    0.500 [0.400, 0.600]
    """
    if len(estimates) < 2:
        raise ValueError(f"estimates must be at least 2, got {len(estimates)}")
    rows = np.array([[e.value, e.low, e.high] for e in estimates])
    mean = float(rows[:, 0].mean())
    if not np.isfinite(rows).all() or (share and not ((rows > 0) & (rows < 1)).all()):
        why = "a seed has no interval, or lies at an end of the range"
        return Estimate(mean, np.nan, np.nan, why)
    values, lows, highs = (logit(rows) if share else rows).T
    count, middle = len(values), values.mean()
    seeds = student.ppf(0.975, count - 1) * values.std(ddof=1) / math.sqrt(count)
    low = middle - math.hypot(seeds, np.mean(values - lows))
    high = middle + math.hypot(seeds, np.mean(highs - values))
    ends = expit([low, high]) if share else [low, high]
    return Estimate(mean, *map(float, ends))
