"""Which images the document's model takes, in any framework."""

from __future__ import annotations

#: Three convolutions without padding and three poolings leave one pixel of so many.
LEAST = 22


def check_input_shape(input_shape: tuple[int, int, int], axes: str) -> None:
    """Raise unless the document's model fits the shape.

    Parameters
    ----------
    input_shape : tuple of int
        Channels, height and width, in the order of `axes`.
    axes : str
        "C H W" or "H W C".

    Raises
    ------
    ValueError
        Saying what was found.

    Examples
    --------
    >>> check_input_shape((16, 16, 1), "H W C")
    Traceback (most recent call last):
    ...
    ValueError: input_shape must be (H, W, C) with H and W at least 22, got (16, 16, 1)
    """
    least = [1 if axis == "C" else LEAST for axis in axes.split()]
    given = tuple(input_shape)
    if len(given) != 3 or any(size < few for size, few in zip(given, least, strict=True)):
        raise ValueError(
            f"input_shape must be ({', '.join(axes.split())}) with H and W at least {LEAST}, "
            f"got {given}"
        )
