"""A guard against leakage: one patient, or one image, on both sides of a split."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from PIL import Image

from companion.checks import check_groups
from companion.films import Films

#: Side of the hash: 16 gives 256 bits. The usual 64 bits call chests of two children alike.
HASH_SIDE = 16


#: Bits that may differ: re-encoded, brightened or noisy copies of a 28 x 28 film stay within it,
#: films of two children do not (measured in chapter 9.2).
MAX_DISTANCE = 32


class LeakageError(ValueError):
    """Something stands on both sides of a split; the message names it."""


def check_patients(splits: Mapping[str, np.ndarray]) -> None:
    """Raise if a patient is in two splits, however the two write the identifier.

    7, 7.0 and "007" are one patient, as :func:`companion.checks.check_groups` says.

    Parameters
    ----------
    splits : mapping of str to numpy.ndarray
        By split: the patient (or hospital, or scanner) of each film, (N,).

    Raises
    ------
    LeakageError
        Naming the splits and the first patients that they share.
    ValueError
        If an identifier is missing, or a split has none.

    Examples
    --------
    >>> check_patients({"train": np.array([1, 2]), "test": np.array([2, 3])})
    Traceback (most recent call last):
    ...
    companion.data.leakage.LeakageError: train and test share 1 group: 2; keep all ...
    """
    cleaned = {name: set(check_groups(name, groups)) for name, groups in splits.items()}
    for (name, first), (other, second) in combinations(cleaned.items(), 2):
        shared = sorted(map(str, first & second), key=lambda group: (len(group), group))
        if shared:
            shown = ", ".join(shared[:5]) + (", ..." if len(shared) > 5 else "")
            raise LeakageError(
                f"{name} and {other} share {len(shared)} group{'s'[: len(shared) != 1]}: {shown}; "
                f"keep all films of one together"
            )


def check_images(splits: Mapping[str, np.ndarray], *, max_distance: int = MAX_DISTANCE) -> None:
    """Raise if an image, or a near copy of it, is in two splits.

    Parameters
    ----------
    splits : mapping of str to numpy.ndarray
        By split: uint8, (N, H, W).
    max_distance : int
        As in :func:`find_copies`.

    Raises
    ------
    LeakageError
        Naming the splits and the first pairs.

    Examples
    --------
    >>> film = np.random.default_rng(0).integers(0, 200, (1, 28, 28)).astype(np.uint8)
    >>> check_images({"train": film, "test": film + 1})
    Traceback (most recent call last):
    ...
    companion.data.leakage.LeakageError: train and test share 1 image, 0 of them exactly: ...
    """
    for (name, first), (other, second) in combinations(splits.items(), 2):
        found = find_copies(first, second, max_distance=max_distance)
        if len(found):
            pairs = found[["first", "second"]].head(5).itertuples(index=False, name=None)
            shown = ", ".join(f"({i}, {j})" for i, j in pairs) + (", ..." if len(found) > 5 else "")
            raise LeakageError(
                f"{name} and {other} share {len(found)} image{'s'[: len(found) != 1]}, "
                f"{found['exact'].sum()} of them exactly: rows {shown}"
            )


def find_copies(
    first: np.ndarray, second: np.ndarray, *, max_distance: int = MAX_DISTANCE
) -> pd.DataFrame:
    """Find images of one set that have a copy, exact or near, in another.

    Parameters
    ----------
    first, second : numpy.ndarray
        uint8, (N, H, W) and (M, H, W).
    max_distance : int
        Greatest number of differing bits of the two perceptual hashes, of 256.

    Returns
    -------
    pandas.DataFrame
        One row a pair: first, second (rows of the arrays), distance (bits), exact (every pixel).

    Raises
    ------
    ValueError
        If an array is not uint8 (N, H, W).

    Examples
    --------
    >>> films = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    >>> find_copies(films[:2], films[1:]).to_numpy().tolist()
    [[1, 0, 0, True]]
    """
    first, second = np.asarray(first), np.asarray(second)
    one, two = (perceptual_hashes(images) * 2.0 - 1 for images in (first, second))
    distance = ((one.shape[1] - one @ two.T) / 2).round().astype(int)
    rows, columns = np.nonzero(distance <= max_distance)
    exact = [np.array_equal(first[i], second[j]) for i, j in zip(rows, columns, strict=True)]
    return pd.DataFrame(
        {
            "first": rows,
            "second": columns,
            "distance": distance[rows, columns],
            "exact": np.array(exact, bool),
        }
    )


def find_near_twins(first: Films, second: Films, *, min_correlation: float = 0.98) -> pd.DataFrame:
    """Find films of one set that show nearly the same as a film of another, with their labels.

    The correlation of pixels finds what a hash misses in small and speckled films, such as two
    images of one lesion; brightness and contrast do not matter to it.

    Parameters
    ----------
    first, second : companion.films.Films
        Grey films of one size, for example training and test split. Films without any contrast
        correlate with nothing and are never paired.
    min_correlation : float
        Above 0, at most 1: the least correlation of a pair.

    Returns
    -------
    pandas.DataFrame
        One row a pair, most alike first: first, second (rows of the two), correlation, exact
        (every pixel is equal), first_label, second_label.

    Raises
    ------
    ValueError
        If the films differ in size, or `min_correlation` is out of range.

    See Also
    --------
    find_copies : Finds re-encoded copies by a perceptual hash.

    Examples
    --------
    >>> pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8)).astype(np.uint8)
    >>> first, second = Films.from_pixels(pixels, [0, 1, 1]), Films.from_pixels(pixels[:1], [1])
    >>> find_near_twins(first, second).to_dict("records")
    [{'first': 0, 'second': 0, 'correlation': 1.0, 'exact': True, 'first_label': 0, ...}]
    """
    if not 0 < min_correlation <= 1:
        raise ValueError(f"min_correlation must be above 0 and at most 1, got {min_correlation}")
    one, two = first.pixels, second.pixels
    if one.shape[1:] != two.shape[1:]:
        raise ValueError(f"films must be of one size, got {one.shape[1:]} and {two.shape[1:]}")
    # Rounded, so that equal films reach 1 on every processor.
    alike = (_standardised(one) @ _standardised(two).T).round(9)
    rows, columns = np.nonzero(alike >= min_correlation)
    order = np.lexsort((columns, rows, -alike[rows, columns]))
    rows, columns = rows[order], columns[order]
    return pd.DataFrame(
        {
            "first": rows,
            "second": columns,
            "correlation": alike[rows, columns],
            "exact": (one[rows] == two[columns]).all((1, 2)),
            "first_label": first.labels[rows],
            "second_label": second.labels[columns],
        }
    )


def _standardised(pixels):
    """Return films as rows of mean 0 and length 1, those without contrast as zeros."""
    rows = pixels.reshape(len(pixels), -1).astype(np.float64)
    rows -= rows.mean(1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def perceptual_hashes(images: np.ndarray) -> np.ndarray:
    """Return a hash of each image that hardly changes when the image is re-encoded or brightened.

    Parameters
    ----------
    images : numpy.ndarray
        uint8, (N, H, W).

    Returns
    -------
    numpy.ndarray
        bool, (N, 256): signs of the lowest cosine frequencies against their median.

    Raises
    ------
    ValueError
        If `images` is not uint8 (N, H, W).

    References
    ----------
    Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions (2010).
    Package ImageHash, function ``phash``.

    Examples
    --------
    >>> perceptual_hashes(np.eye(28, dtype=np.uint8)[None]).shape
    (1, 256)
    """
    import imagehash

    images = np.asarray(images)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(f"images must be uint8 (N, H, W), got {images.dtype} {images.shape}")
    found = [imagehash.phash(Image.fromarray(image), HASH_SIDE).hash.ravel() for image in images]
    return np.array(found, bool).reshape(len(images), HASH_SIDE**2)
