"""How many films a study needs before it can see what it looks for."""

from __future__ import annotations

import math

from scipy.stats import norm


def films_to_see_gain(
    gain: float, disagree: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Return how many test films are needed to see that one model is right more often.

    Both models answer the same films; McNemar's test compares them.

    Parameters
    ----------
    gain : float
        How much more often the better one is right, above 0.
    disagree : float
        Share of films on which just one of them is right, at least `gain`, at most 1.
    power : float
        Between 0 and 1: wished chance that the test sees it.
    alpha : float
        Between 0 and 1: chance of a false discovery, two-sided.

    Returns
    -------
    int
        Films.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Connor, Biometrics 43 (1987) 207, doi:10.2307/2531961.

    Examples
    --------
    >>> films_to_see_gain(0.01, 0.05)
    3923
    """
    _check_chances(power, alpha)
    if not 0 < gain <= disagree <= 1:
        raise ValueError(f"expected 0 < gain <= disagree <= 1, got {gain} and {disagree}")
    spread = norm.ppf(1 - alpha / 2) * math.sqrt(disagree)
    spread += norm.ppf(power) * math.sqrt(disagree - gain**2)
    return math.ceil((spread / gain) ** 2)


def films_to_see_gap(
    first: float, second: float, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Return how many films each of two groups needs to see that a share differs between them.

    Parameters
    ----------
    first, second : float
        The two shares, between 0 and 1, not the same: for example two sensitivities.
    power : float
        Between 0 and 1: wished chance that the test sees it.
    alpha : float
        Between 0 and 1: chance of a false discovery, two-sided.

    Returns
    -------
    int
        Films in each group; of ill patients, if the share is a sensitivity.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003,
    doi:10.1002/0471445428.

    Examples
    --------
    >>> films_to_see_gap(0.9, 0.8)
    199
    """
    _check_chances(power, alpha)
    if not (0 < first < 1 and 0 < second < 1) or first == second:
        raise ValueError(
            f"first and second must differ and lie between 0 and 1, got {first}, {second}"
        )
    mean = (first + second) / 2
    spread = norm.ppf(1 - alpha / 2) * math.sqrt(2 * mean * (1 - mean))
    spread += norm.ppf(power) * math.sqrt(first * (1 - first) + second * (1 - second))
    return math.ceil((spread / (first - second)) ** 2)


def _check_chances(power, alpha):
    if not (0 < power < 1 and 0 < alpha < 1):
        raise ValueError(f"power and alpha must be between 0 and 1, got {power} and {alpha}")
