"""A power law with a floor, fitted to a learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import curve_fit


@dataclass(frozen=True)
class PowerLaw:
    """An error that falls as ``floor + scale * size ** -exponent``.

    Attributes
    ----------
    floor, scale, exponent : float
        The error that no number of films removes; the part that falls; how fast it falls.
    """

    floor: float
    scale: float
    exponent: float

    def error(self, size: np.ndarray) -> np.ndarray:
        """Return the error expected at a number of films.

        Parameters
        ----------
        size : numpy.ndarray or float
            Above 0.

        Returns
        -------
        numpy.ndarray
            In the unit of the errors that were fitted.
        """
        return self.floor + self.scale * np.asarray(size, float) ** -self.exponent

    def size(self, error: float) -> float:
        """Return the number of films at which an error is expected.

        Parameters
        ----------
        error : float
            In the unit of the errors that were fitted.

        Returns
        -------
        float
            Infinite if the law never comes so low.
        """
        if error <= self.floor:
            return float("inf")
        return float((self.scale / (error - self.floor)) ** (1 / self.exponent))


def fit_power_law(sizes: Sequence[float], errors: Sequence[float]) -> PowerLaw:
    """Fit a power law with a floor to a learning curve, every size weighing alike in ratio.

    Parameters
    ----------
    sizes : sequence of float
        Numbers of films, at least three of them different, above 0.
    errors : sequence of float
        Mean error at each size, above 0.

    Returns
    -------
    PowerLaw
        With floor, scale and exponent not negative.

    Raises
    ------
    ValueError
        If there are too few points or one is not above 0.

    References
    ----------
    Hestness et al., arXiv:1712.00409.

    Examples
    --------
    >>> law = fit_power_law([25, 100, 400, 1600], [0.21, 0.11, 0.06, 0.035])
    >>> round(law.floor, 2), round(law.exponent, 2)
    (0.01, 0.5)
    """
    sizes, errors = np.asarray(sizes, float), np.asarray(errors, float)
    if sizes.shape != errors.shape or len(np.unique(sizes)) < 3:
        raise ValueError(
            f"sizes and errors must be as many, at least three sizes different, "
            f"got {sizes.tolist()} and {errors.tolist()}"
        )
    if min(sizes.min(), errors.min()) <= 0:
        raise ValueError(f"sizes and errors must be above 0, got {sizes.min()}, {errors.min()}")

    def _log_error(log_size, floor, log_scale, exponent):
        return np.log(floor + np.exp(log_scale - exponent * log_size))

    start = (errors.min() / 2, np.log(errors.max()) + 0.5 * np.log(sizes.min()), 0.5)
    limits = ([0, -np.inf, 0.01], [errors.min(), np.inf, 5])
    found, _ = curve_fit(_log_error, np.log(sizes), np.log(errors), start, bounds=limits)
    return PowerLaw(float(found[0]), float(np.exp(found[1])), float(found[2]))
