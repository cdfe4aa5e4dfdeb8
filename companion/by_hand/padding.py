"""How often a kernel fits, and what is put around an image so that it fits more often."""

from __future__ import annotations

from numbers import Integral

Pair = int | tuple[int, int]


def as_pair(name: str, value: Pair, *, least: int) -> tuple[int, int]:
    """Return a size for rows and one for columns.

    Parameters
    ----------
    name : str
        What the caller calls it.
    value : int or pair of int
        One for both, or (rows, columns).
    least : int
        The smallest that is allowed.

    Returns
    -------
    tuple of int
        (rows, columns).

    Raises
    ------
    ValueError
        If it is something else, or too small.

    Examples
    --------
    >>> as_pair("stride", 2, least=1)
    (2, 2)
    """
    pair = (value, value) if isinstance(value, Integral) else value
    if not (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(v, Integral) and v >= least for v in pair)
    ):
        raise ValueError(f"{name} must be an int or a pair of ints from {least} up, got {value}")
    return int(pair[0]), int(pair[1])


#: On all sides; (rows, columns); or ((top, bottom), (left, right)).
Padding = Pair | tuple[tuple[int, int], tuple[int, int]]


def output_size(size: int, kernel: int, *, stride: int = 1, before: int = 0, after: int = 0) -> int:
    """Return how many places a kernel finds along one axis.

    Parameters
    ----------
    size, kernel, stride : int
        Pixels of the image and of the kernel, and pixels from one place to the next.
    before, after : int
        Pixels of padding at either end.

    Returns
    -------
    int
        ``(size + before + after - kernel) // stride + 1``.

    Raises
    ------
    ValueError
        If the kernel does not fit even once.

    Examples
    --------
    >>> output_size(224, 3), output_size(5, 2, stride=2)
    (222, 2)
    """
    padded = size + before + after
    if kernel > padded:
        raise ValueError(f"kernel must fit the padded image: {kernel} pixels against {padded}")
    return (padded - kernel) // stride + 1


def same_padding(
    size: Pair, kernel: Pair, *, stride: Pair = 1
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the pads that TensorFlow's ``padding="same"`` stands for.

    There are ``ceil(size / stride)`` places. When the pads cannot be equal, the
    larger comes after: bottom and right.

    Parameters
    ----------
    size : int or pair of int
        (H, W) of the images.
    kernel, stride : int or pair of int
        (rows, columns).

    Returns
    -------
    tuple of tuple of int
        ((top, bottom), (left, right)), for `padding` of :func:`companion.by_hand.conv.conv2d`.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Examples
    --------
    >>> same_padding(28, 3, stride=2)
    ((0, 1), (0, 1))
    """
    sizes, kernels = as_pair("size", size, least=1), as_pair("kernel", kernel, least=1)
    pads = []
    for length, width, step in zip(sizes, kernels, as_pair("stride", stride, least=1), strict=True):
        places = -(-length // step)
        total = max((places - 1) * step + width - length, 0)
        pads.append((total // 2, total - total // 2))
    return pads[0], pads[1]


def as_pads(padding: Padding) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the pads before and after the rows, and before and after the columns.

    Parameters
    ----------
    padding : int, pair of int, or pair of pairs
        One for all sides; (rows, columns); or ((top, bottom), (left, right)).

    Returns
    -------
    tuple of tuple of int
        ((top, bottom), (left, right)).

    Raises
    ------
    ValueError
        If it is something else, or negative.

    Examples
    --------
    >>> as_pads((1, 2))
    ((1, 1), (2, 2))
    """
    if isinstance(padding, tuple | list) and not all(isinstance(p, Integral) for p in padding):
        if len(padding) != 2:
            raise ValueError(f"padding must be ((top, bottom), (left, right)), got {padding}")
        rows, columns = (as_pair("padding", side, least=0) for side in padding)
        return rows, columns
    rows, columns = as_pair("padding", padding, least=0)
    return (rows, rows), (columns, columns)
