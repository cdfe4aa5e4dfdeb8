"""How far readers agree beyond chance, when not all of them read every case."""

from __future__ import annotations

import numpy as np

from companion.checks import check_choice

#: How much two ratings disagree, by their level of measurement.
WEIGHTS = ("nominal", "linear", "quadratic")


def pairwise_kappa(ratings: np.ndarray, *, weights: str = "nominal") -> float:
    """Return Cohen's kappa of all pairs of readers who rated one case, in both orders.

    For readers without names, who are others from case to case.

    Parameters
    ----------
    ratings : array_like
        (N, R), one row a case, one column a reader; NaN where there is no rating. A case with
        m ratings gives m (m - 1) pairs.
    weights : {"nominal", "linear", "quadratic"}
        Whether a disagreement counts as one, by its size, or by the square of its size.

    Returns
    -------
    float
        1 for agreement, 0 for that of chance; NaN if all ratings are the same.

    Raises
    ------
    ValueError
        If no case has two ratings, or `weights` is another.

    References
    ----------
    Cohen, Psychological Bulletin 70 (1968) 213. doi:10.1037/h0026256

    Examples
    --------
    >>> pairwise_kappa([[1, 1], [1, 2], [2, 2], [2, 2]])
    0.4666666666666667
    """
    return kappa_of_pairs(count_pairs(ratings).sum(0), weights, _values(ratings))


def fleiss_kappa(ratings: np.ndarray) -> float:
    """Return Fleiss' kappa: of cases that all have as many ratings.

    Parameters
    ----------
    ratings : array_like
        (N, R), one row a case, without gaps; categories have no order.

    Returns
    -------
    float
        1 for agreement, 0 for that of chance; NaN if all ratings are the same.

    Raises
    ------
    ValueError
        If a rating is missing, or there are fewer than two readers.

    References
    ----------
    Fleiss, Psychological Bulletin 76 (1971) 378. doi:10.1037/h0031619

    Examples
    --------
    >>> round(fleiss_kappa([[1, 1, 1], [1, 1, 2], [2, 2, 2], [2, 2, 2]]), 4)
    0.6571
    """
    table = _table(ratings)
    if np.isnan(table).any():
        raise ValueError(
            f"ratings must have no gaps, got {int(np.isnan(table).sum())}: keep the cases that "
            f"all readers rated"
        )
    counts = (table[:, :, None] == _values(table)).sum(1)  # (N, K)
    readers = table.shape[1]
    seen = ((counts**2).sum(1) - readers) / (readers * (readers - 1))
    shares = counts.sum(0) / counts.sum()
    return _beyond_chance(1 - seen.mean(), 1 - (shares**2).sum())


def krippendorff_alpha(ratings: np.ndarray, *, weights: str = "nominal") -> float:
    """Return Krippendorff's alpha, in which every rating counts the same, however many a case has.

    Parameters
    ----------
    ratings : array_like
        (N, R), one row a case; NaN where there is no rating.
    weights : {"nominal", "linear", "quadratic"}
        As for `pairwise_kappa`; "quadratic" is what Krippendorff calls interval.

    Returns
    -------
    float
        1 for agreement, 0 for that of chance; NaN if all ratings are the same.

    Raises
    ------
    ValueError
        As `pairwise_kappa`.

    References
    ----------
    Hayes and Krippendorff, Communication Methods and Measures 1 (2007) 77.
    doi:10.1080/19312450709336664

    Examples
    --------
    >>> round(krippendorff_alpha([[1, 1], [1, 2], [2, 2], [2, 2]]), 4)
    0.5333
    """
    pairs = count_pairs(ratings)
    each = (~np.isnan(_table(ratings))).sum(1)
    pairs = (pairs / np.maximum(each - 1, 1)[:, None, None]).sum(0)
    totals, number = pairs.sum(0), pairs.sum()
    # Chance draws two different ratings: none is paired with itself.
    expected = (np.outer(totals, totals) - np.diag(totals)) / (number - 1)
    apart = _apart(weights, _values(ratings))
    return _beyond_chance((apart * pairs).sum(), (apart * expected).sum())


def count_pairs(ratings: np.ndarray) -> np.ndarray:
    """Return of each case how often each two ratings meet, in both orders: (N, K, K)."""
    table = _table(ratings)
    values = _values(table)
    counts = (table[:, :, None] == values).sum(1)  # (N, K)
    pairs = counts[:, :, None] * counts[:, None] - counts[:, :, None] * np.eye(
        len(values), dtype=int
    )
    if not pairs.any():
        raise ValueError("ratings must have a case with two of them, got none")
    return pairs


def kappa_of_pairs(pairs: np.ndarray, weights: str, values: np.ndarray) -> float:
    """Return kappa from how often each two ratings meet, (K, K)."""
    apart = _apart(weights, values)
    totals = pairs.sum(0) / pairs.sum()
    return _beyond_chance(
        (apart * pairs).sum() / pairs.sum(), (apart * np.outer(totals, totals)).sum()
    )


def _beyond_chance(seen, expected):
    return float(1 - seen / expected) if expected > 0 else np.nan


def _apart(weights, values):
    check_choice("weights", weights, WEIGHTS)
    distance = np.abs(values[:, None] - values)
    return {"nominal": (distance > 0) * 1.0, "linear": distance, "quadratic": distance**2}[weights]


def _values(ratings):
    table = _table(ratings)
    return np.unique(table[~np.isnan(table)])


def _table(ratings):
    table = np.asarray(ratings)
    if table.ndim != 2 or table.dtype.kind not in "buif" or table.shape[1] < 2 or not len(table):
        raise ValueError(
            f"ratings must be numbers (N, R) of two readers or more, got {table.dtype} "
            f"{table.shape}"
        )
    table = table.astype(np.float64)
    if np.isinf(table).any():
        raise ValueError("ratings must be finite, or NaN where there is none")
    return table
