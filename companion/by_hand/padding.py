"""How often a kernel fits, and what is put around an image so that it fits more often."""

from __future__ import annotations

from companion.by_hand._arguments import Pair, as_count, as_pair


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
        If the kernel does not fit even once, or a size is no int or too small.

    Examples
    --------
    >>> output_size(224, 3), output_size(5, 2, stride=2)
    (222, 2)
    """
    size, kernel = as_count("size", size, least=1), as_count("kernel", kernel, least=1)
    stride = as_count("stride", stride, least=1)
    padded = size + as_count("before", before, least=0) + as_count("after", after, least=0)
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
