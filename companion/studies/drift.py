"""A machine changes: films that look otherwise, and alarms that may look after every film."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from companion.checks import check_choice, check_images
from companion.data import Affine, apply_affine


def _darker(images):
    return images * 0.9


def _steeper(images):
    return images**1.25


def _softer(images):
    return gaussian_filter(images, (0, 0, 0.6, 0.6))


def _closer(images):
    count = len(images)
    return apply_affine(images, Affine(np.zeros(count), np.full(count, 1.08), np.zeros((count, 2))))


#: What a new machine may do to a film, by name.
CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "darker": _darker,
    "steeper": _steeper,
    "softer": _softer,
    "closer": _closer,
}

#: How an alarm is raised, by name.
METHODS = ("every look", "shared", "betting")


def change_machine(images: np.ndarray, change: str) -> np.ndarray:
    """Return films as another machine might have made them.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    change : {"darker", "steeper", "softer", "closer"}
        All greys times 0.9; greys to the power 1.25; blurred by 0.6 pixels; enlarged by 8 %.

    Returns
    -------
    numpy.ndarray
        float32, like `images`, in [0, 1].

    Raises
    ------
    ValueError
        If the images are not in [0, 1], or the change is unknown.

    Examples
    --------
    >>> bool(np.allclose(change_machine(np.full((1, 1, 2, 2), 0.5), "darker"), 0.45))
    True
    """
    images = check_images("images", images)
    check_choice("change", change, CHANGES)
    return np.clip(CHANGES[change](images), 0, 1).astype(np.float32)


def stream_p_values(
    reference: np.ndarray, stream: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return for each film of a stream at which place it stands among all that came before.

    If nothing changes, every order of the films is equally likely, and these numbers are
    independent and uniform: a conformal p-value of each film.

    Parameters
    ----------
    reference : array_like
        (R,), a number of each film from before.
    stream : array_like
        (N,), the same number of the new films, in the order in which they come.
    rng : numpy.random.Generator
        Breaks ties.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1]: near 0 where a film stands above all others.

    Raises
    ------
    ValueError
        If an array is not of one axis, empty or not finite.

    References
    ----------
    Vovk et al., COPA 2021, arXiv:2102.10439.

    Examples
    --------
    >>> p = stream_p_values(np.zeros(99), np.ones(1), np.random.default_rng(0))
    >>> bool(0 <= p[0] <= 0.01)
    True
    """
    seen = np.sort(_finite("reference", reference))
    p_values = np.empty(len(_finite("stream", stream)))
    for place, value in enumerate(np.asarray(stream, np.float64)):
        below, upto = np.searchsorted(seen, value), np.searchsorted(seen, value, side="right")
        above, ties = len(seen) - upto, upto - below + 1  # the film ties with itself
        p_values[place] = (above + rng.random() * ties) / (len(seen) + 1)
        seen = np.insert(seen, upto, value)
    return p_values


def bet_against(p_values: np.ndarray, *, jump: float = 0.01) -> np.ndarray:
    """Return the wealth of a gambler who bets that p-values are not uniform.

    He starts with 1 and cannot win in the long run if nothing changes: the chance that his
    wealth ever reaches 20 is then at most 1 in 20, however long he plays.

    Parameters
    ----------
    p_values : array_like
        (N,), in [0, 1].
    jump : float
        Share of the wealth that is dealt anew among the three bets before each film, in [0, 1].

    Returns
    -------
    numpy.ndarray
        float64, (N,): the wealth after each film.

    Raises
    ------
    ValueError
        If a p-value is not in [0, 1], or `jump` is not.

    References
    ----------
    Vovk et al., COPA 2021, arXiv:2102.10439 (the simple jumper; here with doubled stakes).

    Examples
    --------
    >>> bet_against([0.5, 0.5]).tolist()
    [1.0, 1.0]
    """
    p_values = _check_bets(p_values, jump)
    bets = np.array([-1.0, 0.0, 1.0])  # on great p-values, on nothing, on small ones
    purses = np.full(3, 1 / 3)
    wealth = np.empty(len(p_values))
    for place, p in enumerate(p_values):
        purses = (1 - jump) * purses + jump * purses.sum() / 3
        purses = purses * (1 + bets * (0.5 - p) * 2)
        wealth[place] = purses.sum()
    return wealth


def first_alarm(
    reference: np.ndarray,
    stream: np.ndarray,
    method: str,
    rng: np.random.Generator,
    *,
    alpha: float = 0.05,
    every: int = 25,
) -> int | None:
    """Return after how many films of a stream a method raises its alarm, if it does.

    Parameters
    ----------
    reference : array_like
        (R,), a number of each film from before.
    stream : array_like
        (N,), the same number of the new films in their order.
    method : {"every look", "shared", "betting"}
        Kolmogorov and Smirnov's test of all films so far after each `every` films, each at
        `alpha`; the same with `alpha` divided by the number of looks; or wealth of 1 / `alpha`
        by :func:`bet_against`, which looks after every film.
    rng : numpy.random.Generator
        Breaks ties, in betting.
    alpha : float
        Between 0 and 1: wished chance of an alarm where nothing changed.
    every : int
        Films between two looks of the tests, at least 1.

    Returns
    -------
    int or None
        How many films of the stream had been seen; None without an alarm.

    Raises
    ------
    ValueError
        If an array is not finite and (N,), the method is unknown, or a number is out of range.

    References
    ----------
    Vovk et al., COPA 2021, arXiv:2102.10439.

    Examples
    --------
    >>> old, new = np.linspace(0, 1, 200), np.linspace(2, 3, 100)
    >>> first_alarm(old, new, "shared", np.random.default_rng(0), every=10)
    10
    """
    from scipy.stats import ks_2samp

    reference, stream = _finite("reference", reference), _finite("stream", stream)
    check_choice("method", method, METHODS)
    if not 0 < alpha < 1 or every < 1:
        raise ValueError(
            f"alpha must be between 0 and 1 and every at least 1, got {alpha} and {every}"
        )
    if method == "betting":
        rich = np.flatnonzero(bet_against(stream_p_values(reference, stream, rng)) >= 1 / alpha)
        return int(rich[0]) + 1 if len(rich) else None
    looks = range(every, len(stream) + 1, every)
    level = alpha / len(looks) if method == "shared" and len(looks) else alpha
    for films in looks:
        if ks_2samp(reference, stream[:films], method="asymp").pvalue <= level:
            return films
    return None


def _check_bets(p_values, jump):
    p_values = _finite("p_values", p_values)
    if p_values.min() < 0 or p_values.max() > 1:
        raise ValueError(
            f"p_values must be in [0, 1], got values from {p_values.min():g} to {p_values.max():g}"
        )
    if not 0 <= jump <= 1:
        raise ValueError(f"jump must be in [0, 1], got {jump}")
    return p_values


def _finite(name, values):
    numbers = np.asarray(values)
    if numbers.ndim != 1 or numbers.size == 0 or numbers.dtype.kind not in "buif":
        raise ValueError(
            f"{name} must be numbers (N,) and not empty, "
            f"got {numbers.dtype} of shape {numbers.shape}"
        )
    numbers = numbers.astype(np.float64)
    if not np.isfinite(numbers).all():
        bad = int((~np.isfinite(numbers)).sum())
        raise ValueError(f"{name} must be finite, got {bad} values that are NaN or infinite")
    return numbers
