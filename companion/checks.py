"""What arrays must be, in one place: each check names the argument, or returns it cleaned.

A caller goes on with what the check returned and never with what it was given: labels of eight
bits wrap around in arithmetic, and a list compares as no array does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Number

import numpy as np


def check_array(name: str, array: np.ndarray, axes: str) -> None:
    """Raise unless an array holds finite floats and has the axes it should have."""
    kind = isinstance(array, np.ndarray) and not isinstance(array, np.ma.MaskedArray | np.matrix)
    if not kind or array.dtype not in (np.float32, np.float64):
        found = getattr(array, "dtype", "") if kind else type(array).__name__
        raise ValueError(f"{name} must be a float32 or float64 array, got {found}")
    letters = axes.split()
    if array.ndim != len(letters):
        raise ValueError(f"{name} must be ({', '.join(letters)}), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        # Fast: this is finite only if every value is. It may also overflow, hence the second look.
        suspicious = not math.isfinite(np.vdot(array, array))
    if suspicious and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise ValueError(f"{name} must be finite, got {bad} values that are NaN or infinite")


def check_shape(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise unless an array of finite floats has this very shape."""
    if np.shape(array) != shape:
        raise ValueError(f"{name} must have shape {shape}, got {np.shape(array)}")
    check_array(name, array, " ".join(map(str, shape)))


def check_unit_range(name: str, values: np.ndarray) -> None:
    """Raise unless all values are finite and in [0, 1], as those of a scaled film are."""
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name} must be finite, got {(~np.isfinite(values)).sum()} NaN or infinite"
        )
    if values.min() < 0 or values.max() > 1:
        raise ValueError(
            f"{name} must be in [0, 1], got values from {values.min():g} to {values.max():g}"
        )


def check_labels(
    name: str, values: object, *, count: int | None = None, both: bool = False
) -> np.ndarray:
    """Return labels as int64, or raise unless each is 0 or 1.

    Parameters
    ----------
    name : str
        What the caller calls them.
    values : array_like
        (N,), of any dtype that can say 0 and 1.
    count : int, optional
        What N must be.
    both : bool
        Whether 0 and 1 must both be there.

    Returns
    -------
    numpy.ndarray
        int64, (N,).

    Raises
    ------
    ValueError
        Saying what was found.

    Examples
    --------
    >>> check_labels("labels", np.array([0, 255], np.uint8))
    Traceback (most recent call last):
    ...
    ValueError: labels must be 0 or 1, got [255]
    """
    labels = _vector(name, values, count)
    if labels.dtype.kind not in "buif":
        raise ValueError(f"{name} must be 0 or 1, got dtype {labels.dtype}")
    wrong = labels[(labels != 0) & (labels != 1)]
    if wrong.size:
        raise ValueError(f"{name} must be 0 or 1, got {np.unique(wrong)[:5].tolist()}")
    labels = labels.astype(np.int64)
    if both and labels.min() == labels.max():
        raise ValueError(f"{name} must hold 0 and 1, both, got {labels[:1].tolist()} only")
    return labels


def check_probabilities(name: str, values: object, *, count: int | None = None) -> np.ndarray:
    """Return probabilities as float64, or raise unless each is finite and in [0, 1].

    Parameters
    ----------
    name : str
        What the caller calls them.
    values : array_like
        (N,).
    count : int, optional
        What N must be.

    Returns
    -------
    numpy.ndarray
        float64, (N,).

    Raises
    ------
    ValueError
        Saying what was found.

    Examples
    --------
    >>> check_probabilities("scores", [0.5, -3.0])
    Traceback (most recent call last):
    ...
    ValueError: scores must be in [0, 1], got values from -3 to 0.5; pass logits through a sigmoid
    """
    numbers = _vector(name, values, count)
    if numbers.dtype.kind not in "buif":
        raise ValueError(f"{name} must be numbers, got dtype {numbers.dtype}")
    numbers = numbers.astype(np.float64)
    try:
        check_unit_range(name, numbers)
    except ValueError as problem:
        hint = "" if "finite" in str(problem) else "; pass logits through a sigmoid"
        raise ValueError(f"{problem}{hint}") from None
    return numbers


def check_groups(name: str, values: object, *, count: int | None = None) -> np.ndarray:
    """Return identifiers of patients in one form, or raise where one is missing.

    The same patient is 7 in one table, 7.0 where a column had gaps, and "007" in a file's header.

    Parameters
    ----------
    name : str
        What the caller calls them.
    values : array_like
        (N,): whole numbers or texts.
    count : int, optional
        What N must be.

    Returns
    -------
    numpy.ndarray
        str, (N,): without spaces around and without zeros in front of a number.

    Raises
    ------
    ValueError
        If one is missing, or is neither a whole number nor a text.

    Examples
    --------
    >>> check_groups("patients", [7, 7.0, "007", " P7 "]).tolist()
    ['7', '7', '7', 'P7']
    """
    given = np.asarray(values)
    if given.dtype.kind == "U" and not isinstance(values, np.ndarray):
        # A list of numbers and texts: NumPy has written the numbers as texts already.
        given = np.asarray(values, dtype=object)
    given = _vector(name, given, count)
    return np.array([_identifier(name, row, value) for row, value in enumerate(given.tolist())])


def check_images(name: str, images: object, *, channels: int | None = None) -> np.ndarray:
    """Return images as float32, or raise unless they are scaled as the book's models expect.

    Parameters
    ----------
    name : str
        What the caller calls them.
    images : array_like
        float, (N, C, H, W), in [0, 1].
    channels : int, optional
        What C must be.

    Returns
    -------
    numpy.ndarray
        float32, (N, C, H, W), in [0, 1].

    Raises
    ------
    ValueError
        Saying what was found.

    Examples
    --------
    >>> check_images("images", np.full((1, 1, 2, 2), 200.0))
    Traceback (most recent call last):
    ...
    ValueError: images must be in [0, 1], got values from 200 to 200; divide 8-bit pixels by 255
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.size == 0:
        raise ValueError(f"{name} must be (N, C, H, W) and not empty, got shape {images.shape}")
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            f"{name} must be floating point in [0, 1], got dtype {images.dtype}; "
            f"divide 8-bit pixels by 255"
        )
    if channels is not None and images.shape[1] != channels:
        raise ValueError(f"{name} must have {channels} channels, got shape {images.shape}")
    try:
        check_unit_range(name, images)
    except ValueError as problem:
        hint = "" if "finite" in str(problem) else "; divide 8-bit pixels by 255"
        raise ValueError(f"{problem}{hint}") from None
    return images.astype(np.float32, copy=False)


def check_image(image: np.ndarray) -> None:
    """Raise unless an array is one finite greyscale image in [0, 1]."""
    image = np.asarray(image)
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"image must be (H, W) and not empty, got shape {image.shape}")
    if not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"image must be floating point in [0, 1], got dtype {image.dtype}")
    check_unit_range("image", image)


#: Three convolutions without padding and three poolings leave one pixel of so many.
LEAST = 22


def check_input_shape(input_shape: tuple[int, int, int], axes: str) -> None:
    """Raise unless the document's model fits the shape."""
    least = [1 if axis == "C" else LEAST for axis in axes.split()]
    given = tuple(input_shape)
    if len(given) != 3 or any(size < few for size, few in zip(given, least, strict=True)):
        raise ValueError(
            f"input_shape must be ({', '.join(axes.split())}) with H and W at least {LEAST}, "
            f"got {given}"
        )


def check_rounds(epochs: int, batch_size: int, patience: int | None) -> None:
    """Raise unless a training has epochs and batches, and may wait an epoch or without end."""
    if min(epochs, batch_size) < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, got {epochs}, {batch_size}")
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be None or at least 1, got {patience}")


def check_choice(name: str, found: object, choices: Iterable[str]) -> None:
    """Raise ValueError where a word is none of those that mean something."""
    choices = tuple(choices)
    if found not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {found!r}")


def check_answers(answers: np.ndarray) -> np.ndarray:
    """Return a model's answers as float64, (N,), or raise where its weights have diverged."""
    answers = np.asarray(answers, np.float64)
    if not np.isfinite(answers).all():
        bad = (~np.isfinite(answers)).sum()
        raise FloatingPointError(f"the model answers {bad} of {len(answers)} images with no number")
    return answers


def _vector(name, values, count):
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0 or (count is not None and len(array) != count):
        expected = "(N,) and not empty" if count is None else f"({count},)"
        raise ValueError(f"{name} must be {expected}, got shape {array.shape}")
    return array


def _identifier(name, row, value):
    """Return one patient's identifier in its canonical form."""
    if isinstance(value, bytes):
        value = value.decode("utf8", "replace")
    if isinstance(value, Number) and not isinstance(value, bool | complex):
        if not math.isfinite(value) or value != int(value):
            raise ValueError(f"{name} must be whole numbers or texts, got {value!r} in row {row}")
        return str(int(value))
    if not isinstance(value, str) or not value.strip() or value.strip().lower() in _MISSING:
        raise ValueError(f"{name} must name a patient in each row, got {value!r} in row {row}")
    text = value.strip()
    whole = text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text
    return str(int(whole)) if whole.isdecimal() else text


#: How tables write that there is nothing.
_MISSING = {"nan", "nat", "none", "<na>", "na", "n/a"}
