"""Figures that a reader operates on the built page: their data, handed over by a cell.

The cell's output is one HTML element with the data as JSON; ``operated.js`` finds it and draws.
Where no script runs, as in Colab, the still picture before it remains.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import numpy as np


class OperatedFigure:
    """What :func:`operate` returns; Jupyter shows it as HTML."""

    def __init__(self, name: str, data: Mapping, still: str):
        self.name, self.data, self.still = name, data, still

    def __repr__(self) -> str:
        """Return what is shown where HTML is not."""
        return f"(On the book's page the figure {self.still} can be operated.)"

    def _repr_html_(self) -> str:
        data = json.dumps(self.data, default=_plain, allow_nan=False, separators=(",", ":"))
        data = data.replace("<", "\\u003c")  # what closes a script element ends the data
        return (
            f'<div class="operated" data-figure="{self.name}" data-still="{self.still}">'
            f'<script type="application/json">{data}</script></div>'
        )


def operate(name: str, data: Mapping, *, still: str) -> OperatedFigure:
    """Hand a figure's data to the page, where a reader operates it in place of the still picture.

    Parameters
    ----------
    name : str
        Of the script in ``book/_static/figures`` that draws it.
    data : mapping
        What JSON can hold, and arrays, which become lists; finite numbers only.
    still : str
        Name of the figure, ``fig-…``, whose picture stands there without scripts.

    Returns
    -------
    OperatedFigure
        To be the last value of its cell.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> operate("threshold", {"scores": np.array([0.25, 0.5])}, still="fig-threshold")
    (On the book's page the figure fig-threshold can be operated.)
    """
    figure = OperatedFigure(name, data, still)
    figure._repr_html_()  # what JSON cannot hold is refused here, with the caller's line
    return figure


def packed(values: np.ndarray, dtype: str = "<f2") -> str:
    """Pack many numbers for a script: little-endian bytes as base64 text.

    Parameters
    ----------
    values : numpy.ndarray
        Finite; flattened row by row.
    dtype : str
        ``<f2`` for half precision, ``<f4`` for single, ``u1`` for pixels.

    Returns
    -------
    str
        ``operated.unpack(text, dtype)`` gives them back in the page.

    Raises
    ------
    ValueError
        If a number is not finite, or does not fit into `dtype`.

    Examples
    --------
    >>> packed(np.array([1.0, 2.0]))
    'ADwAQA=='
    """
    values = np.asarray(values)
    with np.errstate(over="ignore"):
        stored = values.astype(dtype)
    whole = np.issubdtype(stored.dtype, np.integer)
    if not np.isfinite(stored).all() or (whole and not (stored == values).all()):
        raise ValueError(
            f"values must be finite and fit into {dtype}, "
            f"got {values.min()} to {values.max()}, {values.dtype}"
        )
    return base64.b64encode(stored.tobytes()).decode("ascii")


def _plain(value):
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"data must be what JSON can hold, or arrays, got {type(value).__name__}")
