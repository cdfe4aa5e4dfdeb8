"""A film with numbers on what is normal, outlines round what is not; the words go elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from matplotlib.patheffects import withStroke

from companion.pages.figures import COLOURS

#: The adult film of pydicom-data: number, place of its text (column, row), place it points at.
MARKS = (
    (1, (600, 330), None),
    (1, (1290, 430), None),
    (2, (1170, 1200), None),
    (3, (1730, 800), (1560, 620)),
    (4, (1480, 110), (1420, 330)),
    (5, (430, 1640), (430, 1405)),
    (5, (1530, 1680), (1530, 1462)),
    (6, (520, 850), (655, 865)),
    (6, (1110, 775), None),
    (7, (905, 330), None),
    (8, (1180, 600), (1062, 585)),
    (9, (1780, 1330), (1672, 1575)),
)
#: Letter, middle (column, row), width and height of an outline.
OUTLINES = (
    ("a", (345, 710), 230, 250),
    ("b", (500, 1150), 300, 230),
    ("c", (1360, 700), 240, 250),
    ("d", (1468, 870), 190, 200),
    ("e", (1462, 1170), 240, 210),
    ("f", (265, 1310), 230, 200),
)


def plot_numbered(
    film: np.ndarray,
    *,
    marks: Sequence[tuple] = MARKS,
    outlines: Sequence[tuple] = OUTLINES,
    factor: int = 1,
) -> Axes:
    """Draw a film with numbers on what is normal and outlines with letters round what is not.

    Parameters
    ----------
    film : numpy.ndarray
        (H, W), in [0, 1].
    marks : sequence of tuple
        Number, (column, row) of its text, and of what it points at or None.
    outlines : sequence of tuple
        Letter, (column, row) of the middle, width, height.
    factor : int
        How many times finer the film is on which the places were read off.

    Returns
    -------
    Axes
        Without a frame.

    Examples
    --------
    >>> len(plot_numbered(np.zeros((20, 20)), factor=100).texts)
    18
    """
    ax = plt.subplots(figsize=(5.6, 5.96))[1]
    ax.imshow(film, vmin=0, vmax=1)
    written = {
        "color": "white", "ha": "center", "va": "center", "fontweight": "bold", "fontsize": 12,
        "path_effects": [withStroke(linewidth=3, foreground="black")],
    }  # fmt: skip
    for number, place, target in marks:
        arrow = {"arrowstyle": "->", "color": COLOURS[4], "linewidth": 2}
        ax.annotate(
            str(number), np.divide(target or place, factor), np.divide(place, factor),
            arrowprops=arrow if target else None, **written,
        )  # fmt: skip
    for letter, middle, width, height in outlines:
        ax.add_patch(
            Ellipse(np.divide(middle, factor), width / factor, height / factor, fill=False,
                    edgecolor=COLOURS[5], linewidth=1.8, linestyle="--")
        )  # fmt: skip
        ax.text(
            (middle[0] + 0.42 * width) / factor, (middle[1] - 0.5 * height) / factor, letter,
            **{**written, "color": COLOURS[5]},
        )  # fmt: skip
    ax.set_axis_off()
    return ax
