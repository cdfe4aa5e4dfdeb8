"""The figures of chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from companion.pages.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Those of ImageNet's thousand classes that the pictures of the chapter are called, by number.
CLASSES = {
    107: "jellyfish", 111: "nematode", 126: "isopod", 281: "tabby", 282: "tiger cat",
    283: "Persian cat", 284: "Siamese cat", 285: "Egyptian cat", 447: "binoculars",
    593: "harmonica", 649: "megalith", 753: "radiator", 818: "spotlight", 845: "syringe",
    872: "tripod", 925: "consomme", 936: "head cabbage", 956: "custard apple", 967: "espresso",
    968: "cup", 971: "bubble", 977: "sandbar", 979: "valley",
}  # fmt: skip


def class_name(number: int) -> str:
    """Return what ImageNet calls one of its classes, or its number where the book has no name.

    Parameters
    ----------
    number : int
        From 0 to 999.

    Returns
    -------
    str
        In English.

    Examples
    --------
    >>> class_name(967), class_name(0)
    ('espresso', 'class 0')
    """
    return CLASSES.get(number, f"class {number}")


def plot_answers(
    pictures: Mapping[str, np.ndarray], answers: Mapping[str, Sequence[tuple[int, float]]]
) -> np.ndarray:
    """Draw the middle square of each picture, and under it what the network calls it.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray
        (H, W, 3) or (H, W), in [0, 1], by what they show.
    answers : mapping of str to sequence of tuple
        Class and probability, the likeliest first.

    Returns
    -------
    numpy.ndarray of Axes
        One a picture.

    Examples
    --------
    >>> len(plot_answers({"grey": np.zeros((4, 4))}, {"grey": [(967, 0.9)]}))
    1
    """
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(1, len(pictures), figsize=(7, 2.7), squeeze=False)
    for ax, (name, picture) in zip(axes[0], pictures.items(), strict=True):
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        step = max(1, side // 250)
        shown = picture[top : top + side : step, left : left + side : step]
        ax.imshow(shown, cmap="gray", vmin=0, vmax=1)
        ax.set_title(name, fontsize="medium", pad=3)
        lines = [f"{class_name(number)}  {chance:.3f}" for number, chance in answers[name]]
        ax.text(0.5, -0.04, "\n".join(lines), transform=ax.transAxes, ha="center", va="top",
                fontsize="small")  # fmt: skip
        ax.set_axis_off()
    return axes[0]


def plot_transfer(table: Mapping, split: str, *, ax: Axes | None = None) -> Axes:
    """Draw the AUROC of each start against the number of films, with intervals.

    Parameters
    ----------
    table : mapping
        ``read_table("transfer")``.
    split : str
        "validation" or "test".
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a legend.

    Examples
    --------
    >>> from companion.pages.tables import read_table
    >>> plot_transfer(read_table("transfer"), "test").get_xlabel()
    'labelled films, for training and for choosing'
    """
    import matplotlib.pyplot as plt

    ax = ax if ax is not None else plt.subplots(figsize=(6.5, 3.8))[1]
    sizes, markers = np.array(table["sizes"], float), "os^D"
    for number, name in enumerate(table["scores"][0][split]):
        values = np.array([row[split][name]["auroc"] for row in table["scores"]])
        places = sizes * 1.07 ** (number - 1.5)  # side by side, so that no bar hides another
        reach = np.abs(values[:, 1:].T - values[:, 0])
        ax.errorbar(places, values[:, 0], reach, marker=markers[number], capsize=2, linewidth=1.2,
                    color=COLOURS[number], label=name)  # fmt: skip
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
    ax.minorticks_off()
    ax.set(xlabel="labelled films, for training and for choosing", ylabel=f"AUROC on {split}")
    ax.legend(fontsize="small")
    return ax
