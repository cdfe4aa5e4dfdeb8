"""What radiologists agree on: who outlined a nodule, how they rated it, and where its edge is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from companion.checks import check_choice
from companion.data.nodules import RATINGS, Nodules, outlines
from companion.evaluation.agreement import (
    WEIGHTS,
    count_pairs,
    fleiss_kappa,
    kappa_of_pairs,
    krippendorff_alpha,
    pairwise_kappa,
)

if TYPE_CHECKING:
    import pandas as pd

#: How many readers each scan had.
READERS = 4
#: Ratings that name kinds, of which none is more than another.
UNORDERED = ("internal_structure", "calcification")


def reader_counts(nodules: Nodules) -> pd.DataFrame:
    """Return how many nodules were outlined by one, two, three and four readers.

    Groups of more than four outlines, in which one reader stands twice, are left out.

    Parameters
    ----------
    nodules : Nodules
        As :func:`companion.data.read_nodules` returns them.

    Returns
    -------
    pandas.DataFrame
        By readers, 1 to 4: nodules, share with low and high (Wilson's 95 % interval, as if
        nodules were independent, which those of one scan are not).

    Examples
    --------
    >>> from companion.data import read_nodules
    >>> reader_counts(read_nodules()).nodules.tolist()
    [769, 491, 481, 896]
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    often = nodules.annotations.groupby("nodule").size()
    often = often[often <= READERS]
    rows = {}
    for readers in range(1, READERS + 1):
        share = mean_estimate(often == readers, share=True)
        rows[readers] = (int((often == readers).sum()), share.value, share.low, share.high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["nodules", "share", "low", "high"])


def rating_table(nodules: Nodules, rating: str) -> pd.DataFrame:
    """Return one rating of every nodule by each of its readers.

    Parameters
    ----------
    nodules : Nodules
        As :func:`companion.data.read_nodules` returns them.
    rating : str
        One of :data:`companion.data.RATINGS`.

    Returns
    -------
    pandas.DataFrame
        By nodule: four columns of float64, NaN where there was no further reader. Columns do not
        stand for persons. Groups of more than four outlines are left out.

    Raises
    ------
    ValueError
        If there is no such rating.

    Examples
    --------
    >>> from companion.data import read_nodules
    >>> rating_table(read_nodules(), "malignancy").shape
    (2637, 4)
    """
    check_choice("rating", rating, RATINGS)
    rows = nodules.annotations[["nodule", rating]].copy()
    rows["reader"] = rows.groupby("nodule").cumcount()
    table = rows.pivot(index="nodule", columns="reader", values=rating).astype(float)
    few = table[[column for column in table if column >= READERS]].isna().all(axis=1)
    return table.loc[few].reindex(columns=range(READERS))


def agreement_table(
    nodules: Nodules, *, rng: np.random.Generator, n_boot: int = 1000
) -> pd.DataFrame:
    """Return how far readers agree on each of the nine ratings, beyond chance.

    Parameters
    ----------
    nodules : Nodules
        As :func:`companion.data.read_nodules` returns them.
    rng : numpy.random.Generator
        Source of the resamples: of patients, as nodules of one patient are alike.
    n_boot : int
        How many.

    Returns
    -------
    pandas.DataFrame
        By rating: nominal, linear and quadratic (kappa of all pairs of readers), low and high
        (95 % percentile interval of the quadratic one, or of the nominal one where ratings have
        no order), fleiss (of nodules with four readers) and alpha (Krippendorff's, quadratic or
        nominal). Linear and quadratic are NaN where ratings have no order.

    Examples
    --------
    >>> from companion.data import read_nodules
    >>> table = agreement_table(read_nodules(), rng=np.random.default_rng(0), n_boot=100)
    >>> table.loc["malignancy", ["nominal", "linear", "quadratic"]].round(2).tolist()
    [0.19, 0.34, 0.47]
    """
    import pandas as pd

    scan = nodules.annotations.groupby("nodule").scan.first()
    patient = nodules.scans.patient[scan].to_numpy()
    rows = {}
    for rating in RATINGS:
        table = rating_table(nodules, rating)
        used = WEIGHTS[:1] if rating in UNORDERED else WEIGHTS
        values = table.to_numpy()
        row = {weights: pairwise_kappa(values, weights=weights) for weights in used}
        owners = patient[table.index]
        row["low"], row["high"] = _interval(values, owners, used[-1], rng, n_boot)
        row["fleiss"] = fleiss_kappa(table.dropna().to_numpy())
        row["alpha"] = krippendorff_alpha(values, weights=used[-1])
        rows[rating] = row
    columns = [*WEIGHTS, "low", "high", "fleiss", "alpha"]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns)


def outline_dice(nodules: Nodules, nodule: int) -> pd.DataFrame:
    """Return how far the outlines of one nodule overlap, reader by reader.

    A pixel belongs to the nodule if it lies inside a line and not on it: lines run just outside
    the nodule. What a line of a hole encloses, the line included, is taken away.

    Parameters
    ----------
    nodules : Nodules
        As :func:`companion.data.read_nodules` returns them.
    nodule : int
        Its number.

    Returns
    -------
    pandas.DataFrame
        By annotation, rows and columns: Dice's coefficient over all slices, 1 on the diagonal;
        NaN where a reader's lines enclose no pixel.

    Raises
    ------
    ValueError
        If there is no such nodule.

    See Also
    --------
    companion.data.outlines : The lines.

    Examples
    --------
    >>> from companion.data import read_nodules
    >>> found = read_nodules()
    >>> outline_dice(found, found.annotations.nodule[1]).round(2).iloc[0].tolist()
    [1.0, 1.0, 0.75, 0.85]
    """
    import pandas as pd

    masks = {reader: _voxels(lines) for reader, lines in outlines(nodules, nodule).items()}
    found = [
        [2 * len(one & other) / (len(one) + len(other)) if one and other else np.nan
         for other in masks.values()]
        for one in masks.values()
    ]  # fmt: skip
    return pd.DataFrame(found, index=list(masks), columns=list(masks))


def reader_masks(nodules: Nodules, nodule: int) -> tuple[dict[int, np.ndarray], tuple]:
    """Return each reader's nodule as a volume, all on one grid that is just large enough.

    A pixel belongs to the nodule as for :func:`outline_dice`.

    Parameters
    ----------
    nodules : Nodules
        As :func:`companion.data.read_nodules` returns them.
    nodule : int
        Its number.

    Returns
    -------
    masks : dict of int to numpy.ndarray
        By annotation, bool, (D, H, W), with one empty voxel on each side; a reader's may be empty.
    spacing_mm : tuple of float
        Of slices, rows and columns. Slices are as far apart as the nearest two that bear a line.

    Raises
    ------
    ValueError
        If there is no such nodule, or its lines lie in one slice only, in slices of no regular
        distance, or enclose no pixel.

    See Also
    --------
    companion.applications.score_segmentation : Holds one mask against another.

    Examples
    --------
    >>> from companion.data import read_nodules
    >>> found = read_nodules()
    >>> masks, spacing_mm = reader_masks(found, found.annotations.nodule[1])
    >>> len(masks), [float(round(step, 2)) for step in spacing_mm]
    (4, [3.0, 0.65, 0.65])
    """
    drawn = outlines(nodules, nodule)
    voxels = {reader: _voxels(lines) for reader, lines in drawn.items()}
    heights = np.unique([round(line.z_mm, 3) for lines in drawn.values() for line in lines])
    everything = set().union(*voxels.values())
    if len(heights) < 2 or not everything:
        raise ValueError(
            f"nodule {nodule} has lines in {len(heights)} slices around {len(everything)} pixels; "
            "a volume needs two slices and a pixel"
        )
    step = float(np.diff(heights).min())
    places = (heights - heights[0]) / step
    if np.abs(places - np.rint(places)).max() > 0.1:
        raise ValueError(f"nodule {nodule} has slices at {heights.tolist()} mm, not regular")
    corners = np.array([(z, row, column) for z, row, column in everything])
    low, high = corners[:, 1:].min(axis=0), corners[:, 1:].max(axis=0)
    masks = {}
    for reader, own in voxels.items():
        masks[reader] = np.zeros((round(places[-1]) + 3, *(high - low + 3).astype(int)), bool)
        for z, row, column in own:
            place = round((z - heights[0]) / step) + 1, int(row - low[0]) + 1
            masks[reader][(*place, int(column - low[1]) + 1)] = True
    scan = nodules.annotations.scan[next(iter(drawn))]
    pixel = float(nodules.scans.pixel_spacing_mm[scan])
    return masks, (step, pixel, pixel)


def _interval(values, owners, weights, rng, n_boot):
    """Return the percentile interval of kappa over resamples of whole patients."""
    levels = np.unique(values[~np.isnan(values)])
    owner = np.unique(owners, return_inverse=True)[1]
    pairs = np.zeros((owner.max() + 1, len(levels), len(levels)))
    np.add.at(pairs, owner, count_pairs(values))
    drawn = rng.integers(0, len(pairs), (n_boot, len(pairs)))
    often = np.stack([np.bincount(row, minlength=len(pairs)) for row in drawn])
    sums = np.tensordot(often, pairs, 1)
    return np.quantile([kappa_of_pairs(each, weights, levels) for each in sums], [0.025, 0.975])


def _voxels(lines):
    """Return the (z, row, column) inside a reader's lines, without the lines."""
    from skimage.draw import polygon

    found, holes = set(), set()
    for line in lines:
        z = round(line.z_mm, 3)
        edge = {(z, *pixel) for pixel in line.pixels.tolist()}
        rows, columns = polygon(*line.pixels.T)
        inside = {(z, *pixel) for pixel in zip(rows.tolist(), columns.tolist(), strict=True)}
        if line.included:
            found |= inside - edge
        else:
            holes |= inside | edge
    return found - holes
