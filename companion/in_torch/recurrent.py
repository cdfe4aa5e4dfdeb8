"""Recurrent models in PyTorch that predict what comes next, and how they are trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from companion.checks import check_choice

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class NextSample(nn.Module):
    """One recurrent layer over a signal of several channels, then a weighted sum of its state.

    Parameters
    ----------
    kind : str
        "rnn", "lstm" or "gru".
    channels, units : int
        Of the signal, and of the state.
    seed : int
        Of the random start.

    Raises
    ------
    ValueError
        If `kind` is none of these.

    Examples
    --------
    >>> NextSample("gru", 12, 32)(torch.zeros(1, 5, 12)).shape
    torch.Size([1, 5, 12])
    """

    def __init__(self, kind: str, channels: int, units: int, *, seed: int = 0):
        super().__init__()
        check_choice("kind", kind, LAYERS)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.layer = LAYERS[kind](channels, units, batch_first=True)
            self.head = nn.Linear(units, channels)

    def forward(self, signals: torch.Tensor) -> torch.Tensor:
        """Return a prediction for each step.

        Parameters
        ----------
        signals : torch.Tensor
            float, (N, T, C).

        Returns
        -------
        torch.Tensor
            (N, T, C).
        """
        return self.head(self.layer(signals)[0])


class NextFrame(nn.Module):
    """Two convolutions for each frame, a GRU over the frames, then a weighted sum for each pixel.

    Parameters
    ----------
    side : int
        Height and width of the frames, a multiple of 4.
    memory : bool
        Whether the GRU is there; without it each frame is judged by itself.
    seed : int
        Of the random start.

    Examples
    --------
    >>> NextFrame(16)(torch.zeros(1, 5, 256)).shape
    torch.Size([1, 5, 256])
    """

    def __init__(self, side: int, *, memory: bool = True, seed: int = 0):
        super().__init__()
        self.side = side
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.frame = nn.Sequential(
                nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            )  # fmt: skip
            features = 16 * (side // 4) ** 2
            self.layer = nn.GRU(features, 64, batch_first=True) if memory else None
            self.head = nn.Linear(64 if memory else features, side**2)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return each frame with the predicted change added to it.

        Parameters
        ----------
        frames : torch.Tensor
            float, (N, T, pixels).

        Returns
        -------
        torch.Tensor
            (N, T, pixels).
        """
        number, steps, _ = frames.shape
        features = self.frame(frames.reshape(-1, 1, self.side, self.side))
        features = features.reshape(number, steps, -1)
        if self.layer is not None:
            features = self.layer(features)[0]
        return frames + self.head(features)


@dataclass
class NextHistory:
    """Mean squared error on validation at each look, and the epoch whose weights were kept."""

    val_error: list[float] = field(default_factory=list)
    best_epoch: int = 0


def fit_next(
    model: nn.Module,
    series: np.ndarray,
    *,
    ahead: int,
    train: int,
    val: int,
    epochs: int,
    window: int = 200,
    warm_up: int = 30,
    learning_rate: float = 3e-3,
    limit: float = 1.0,
) -> NextHistory:
    """Train a model to predict one long series, and keep the weights best on validation.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (N, T, C), gives (N, T, C): at each step a prediction `ahead` steps further on.
    series : numpy.ndarray
        float, (T, C).
    ahead : int
        From 1 up.
    train, val : int
        Where the training part and the validation part of the series end.
    epochs : int
        Steps of Adam, each on all windows at once.
    window, warm_up : int
        Steps of each training window, and how many of its first predictions do not count.
    learning_rate : float
        Of Adam.
    limit : float
        To which the norm of the gradient is clipped.

    Returns
    -------
    NextHistory
        One error each 10 epochs.

    Raises
    ------
    ValueError
        If the parts do not fit the series, or a window does not fit the training part.

    Examples
    --------
    >>> wave = np.sin(np.arange(60.0))[:, None]
    >>> history = fit_next(NextSample("rnn", 1, 4), wave, ahead=1, train=40, val=50,
    ...                    epochs=10, window=20, warm_up=5)
    >>> len(history.val_error)
    1
    """
    if not 0 < train < val <= len(series) - ahead:
        raise ValueError(
            f"train and val must be 0 < train < val <= {len(series) - ahead}, got {train} and {val}"
        )
    if not warm_up < window <= train - ahead:
        raise ValueError(f"window must be above {warm_up} and up to {train - ahead}, got {window}")
    whole = torch.from_numpy(np.asarray(series, np.float32))[None]
    starts = range(0, train - ahead - window + 1, max(window // 10, 1))
    inputs = torch.cat([whole[:, s : s + window] for s in starts])
    wanted = torch.cat([whole[:, s + ahead : s + ahead + window] for s in starts])
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    history, best = NextHistory(), None
    with _one_thread():
        for epoch in tqdm(range(1, epochs + 1), desc="epochs", leave=False):
            error = ((model(inputs) - wanted)[:, warm_up:] ** 2).mean()
            optimizer.zero_grad()
            error.backward()
            nn.utils.clip_grad_norm_(model.parameters(), limit)
            optimizer.step()
            if epoch % 10 == 0:
                off = predict_next(model, series)[train : val - ahead] - series[train + ahead : val]
                history.val_error.append(float((off**2).mean()))
                if history.val_error[-1] == min(history.val_error):
                    history.best_epoch = epoch
                    best = {name: value.clone() for name, value in model.state_dict().items()}
    if best is not None:
        model.load_state_dict(best)
    return history


def predict_next(model: nn.Module, series: np.ndarray) -> np.ndarray:
    """Run a model over a whole series, with everything up to each step as its past.

    Parameters
    ----------
    model : torch.nn.Module
        As in :func:`fit_next`.
    series : numpy.ndarray
        float, (T, C).

    Returns
    -------
    numpy.ndarray
        float32, (T, C): at each step, what is predicted for a later one.

    Examples
    --------
    >>> predict_next(NextSample("rnn", 1, 4), np.zeros((5, 1))).shape
    (5, 1)
    """
    with torch.inference_mode(), _one_thread():
        return model(torch.from_numpy(np.asarray(series, np.float32))[None])[0].numpy()


def linear_predictor(
    series: np.ndarray, *, ahead: int, lags: int, train: int, penalty: float = 1.0
) -> np.ndarray:
    """Predict a series from its last values by a ridge regression: the baseline to beat.

    Parameters
    ----------
    series : numpy.ndarray
        float, (T, C), each channel of mean 0.
    ahead, lags : int
        How far to predict, and from how many values of each channel.
    train : int
        Where the part ends from which the weights are learned.
    penalty : float
        Of the squared weights; there is no intercept.

    Returns
    -------
    numpy.ndarray
        float64, (T, C): at each step, what is predicted for `ahead` steps later.

    Examples
    --------
    >>> ramp = np.arange(8.0)[:, None] - 3.5
    >>> linear_predictor(ramp, ahead=1, lags=2, train=6, penalty=1e-9)[5].round(3)
    array([2.5])
    """
    from sklearn.linear_model import Ridge  # slow: each of several processes would wait for it

    series = np.asarray(series, np.float64)
    steps, channels = series.shape
    padded = np.concatenate([np.zeros((lags - 1, channels)), series])
    past = np.stack([padded[t : t + lags].ravel() for t in range(steps)])
    known = slice(lags - 1, train - ahead)
    ridge = Ridge(alpha=penalty, fit_intercept=False)
    ridge.fit(past[known], series[lags - 1 + ahead : train])
    return ridge.predict(past).reshape(series.shape)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let PyTorch work on one core: on steps so small, threads wait for each other.

    On a busy machine they wait so long that training takes ten times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
