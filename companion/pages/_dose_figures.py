"""Figures of chapter 6.2's dose: beams, planes, histograms, and what the page's figure needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.pages.figures import COLOURS, DASHES

if TYPE_CHECKING:
    from companion.applications import Influence, Phantom

#: How the phantom's structures are called on the page.
NAMES = {"OuterTarget": "target", "Core": "core", "BODY": "body"}
#: TG-119's easier goals for the C shape: at least, at most, at most.
GOALS = {"d95": 50.0, "d10": 55.0, "core": 25.0}
#: Of a slice: the body without the air around it, rows from the front.
PART = np.s_[56:111, 30:136]
_TOP_GY, _LEAST_GY, _BODY_MM = 60.0, 2.5, 20


def plot_beams(phantom: Phantom, angles_deg: Sequence[float], *, ax: Axes | None = None) -> Axes:
    """Draw the middle slice with its outlines, and an arrow for each beam.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        The C-shaped test.
    angles_deg : sequence of float
        Of the gantry: 0 from the front, 90 from the patient's left.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        In mm.
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3.4))[1]
    middle = middle_slice(phantom)
    _show(ax, phantom, middle, 0)
    centre = np.argwhere(phantom.structures[phantom.target]).mean(0) * phantom.spacing_mm
    for angle in np.deg2rad(angles_deg):
        way = np.array([np.sin(angle), -np.cos(angle)])
        start, end = (centre[2:0:-1] + far * way for far in (78, 45))
        ax.annotate(
            "", end, start, arrowprops={"arrowstyle": "-|>", "color": COLOURS[4], "lw": 1.8}
        )
    ax.set(xlabel="mm", ylabel="mm")
    return ax


def plot_contributions(
    phantom: Phantom, influence: Influence, doses: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Draw doses of any size beside each other, each on a scale of its own.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        Whose middle slice is shown.
    influence : companion.applications.Influence
        The dose grid.
    doses : mapping of str to numpy.ndarray
        By title: (voxels,), dose by voxel of the dose grid.

    Returns
    -------
    numpy.ndarray of Axes
        One a dose.
    """
    from companion.applications import dose_on_ct

    _, axes = plt.subplots(1, len(doses), figsize=(7, 1.75))
    for ax, (title, dose) in zip(axes, doses.items(), strict=True):
        whole = dose_on_ct(influence, dose)
        place = int(whole.max(axis=(1, 2)).argmax()) if len(axes) > 1 and ax is axes[0] else None
        number = middle_slice(phantom) if place is None else place
        _show(ax, phantom, number, 0)
        part = whole[number]
        shown = np.ma.masked_less(part, 0.04 * part.max())
        ax.imshow(shown, cmap="viridis", alpha=0.75, extent=_extent(phantom, 0))
        ax.set_title(title, fontsize="small", pad=3)
        ax.set_axis_off()
    return axes


def plot_dose_planes(phantom: Phantom, dose_gy: np.ndarray) -> np.ndarray:
    """Draw a dose over the CT in three planes through the middle of the core.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        CT and outlines.
    dose_gy : numpy.ndarray
        (D, H, W), in Gy, on the grid of the CT.

    Returns
    -------
    numpy.ndarray of Axes
        Axial, coronal, sagittal.
    """
    middle = [int(np.rint(place.mean())) for place in np.nonzero(phantom.structures["Core"])]
    figure, axes = plt.subplots(1, 3, figsize=(7, 2.7))
    planes = ("axial", "coronal", "sagittal")
    for axis, (ax, plane) in enumerate(zip(axes, planes, strict=True)):
        _show(ax, phantom, middle[axis], axis)
        part = np.ma.masked_less(np.take(dose_gy, middle[axis], axis), _LEAST_GY)
        picture = ax.imshow(
            part if axis == 0 else part[::-1], cmap="viridis", vmin=0, vmax=_TOP_GY, alpha=0.7,
            extent=_extent(phantom, axis),
        )  # fmt: skip
        ax.set_title(plane, fontsize="small", pad=3)
        ax.set(xlabel="mm", ylabel="mm" if axis == 0 else "")
    figure.colorbar(
        picture, ax=axes, label="dose (Gy)", location="bottom", fraction=0.06, aspect=40
    )
    return axes


def plot_slice(phantom: Phantom, dose_gy: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw a dose over the middle slice.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        CT and outlines.
    dose_gy : numpy.ndarray
        (D, H, W), in Gy, on the grid of the CT, or a mapping's slice (H, W) of it.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        In mm.
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3.2))[1]
    middle = middle_slice(phantom)
    _show(ax, phantom, middle, 0)
    part = dose_gy if dose_gy.ndim == 2 else dose_gy[middle]
    ax.imshow(np.ma.masked_less(part, _LEAST_GY), cmap="viridis", vmin=0, vmax=_TOP_GY, alpha=0.7,
              extent=_extent(phantom, 0))  # fmt: skip
    ax.set(xlabel="mm", ylabel="mm")
    return ax


def plot_two_plans(phantom: Phantom, table: Mapping) -> np.ndarray:
    """Draw the stored slices of both plans beside each other.

    Parameters
    ----------
    phantom : companion.applications.Phantom
        CT and outlines.
    table : mapping
        As ``read_table("plans")``.

    Returns
    -------
    numpy.ndarray of Axes
        One a plan.
    """
    import base64

    figure, axes = plt.subplots(1, 2, figsize=(7, 2.6))
    for ax, (name, stored) in zip(axes, table["slices"].items(), strict=True):
        quarters = np.frombuffer(base64.b64decode(stored["quarter_gy"]), np.uint8)
        whole = np.zeros(phantom.ct_hu.shape[1:])
        whole[PART] = quarters.reshape(stored["shape"]) / 4
        plot_slice(phantom, whole, ax=ax)
        ax.set_title(name, fontsize="small", pad=3)
        ax.set_axis_off()
    picture = axes[1].images[-1]
    figure.colorbar(
        picture, ax=axes, label="dose (Gy)", location="bottom", fraction=0.06, aspect=40
    )
    return axes


def plot_histograms(
    curves: Mapping[str, Mapping[str, np.ndarray]], doses_gy: np.ndarray, *, ax: Axes | None = None
) -> Axes:
    """Draw cumulative dose-volume histograms of one or two plans, with TG-119's goals.

    Parameters
    ----------
    curves : mapping of str to mapping of str to numpy.ndarray
        By plan, by structure: (K,), percent of the volume.
    doses_gy : numpy.ndarray
        (K,), at which doses.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        A triangle points to the side that a goal allows.
    """
    ax = ax if ax is not None else plt.subplots(figsize=(6, 3.4))[1]
    for dash, (plan, own) in zip(DASHES, curves.items(), strict=False):
        for colour, (name, curve) in zip(
            (COLOURS[1], COLOURS[0], "#777777"), own.items(), strict=True
        ):
            label = f"{NAMES.get(name, name)}" + (f", {plan}" if len(curves) > 1 else "")
            ax.plot(doses_gy, curve, dash, color=colour, label=label)
    ax.plot([GOALS["d95"]], [95], ">", color=COLOURS[0], ms=8, label="goals of the target")
    ax.plot([GOALS["d10"]], [10], "<", color=COLOURS[0], ms=8)
    ax.plot([GOALS["core"]], [10], "<", color=COLOURS[1], ms=8, label="goal of the core")
    ax.set(xlabel="dose (Gy)", ylabel="volume that gets at least this dose (%)",
           xlim=(0, 68), ylim=(0, 102))  # fmt: skip
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    return ax


def plot_errors_of_dose(table: Mapping, *, axes: np.ndarray | None = None) -> np.ndarray:
    """Draw the target's D95 and the core's D10 against the error of the outline.

    Parameters
    ----------
    table : mapping
        As ``read_table("contour_dose")``.
    axes : numpy.ndarray of Axes, optional
        Two; a new figure when absent.

    Returns
    -------
    numpy.ndarray of Axes
        D95, then the core's D10; goals dashed.
    """
    if axes is None:
        _, axes = plt.subplots(1, 2, figsize=(7, 3))
    kinds = {"shrunk": "v", "grown": "^", "moved": "o"}
    scores = {"d95_gy": ("target, D95 (Gy)", 50), "core_d10_gy": ("core, D10 (Gy)", 25)}
    rows = [row for row in table["plans"] if row["margin_mm"] == 0]
    for ax, (score, (label, goal)) in zip(axes, scores.items(), strict=True):
        for k, (kind, mark) in enumerate(kinds.items()):
            own = [r for r in rows if r["kind"] == kind]
            sizes = [r["error_mm"] + 0.15 * (k - 1) for r in own]
            ax.plot(sizes, [r[score] for r in own], mark, color=COLOURS[k], label=kind, ms=5)
        right = next(r for r in rows if r["kind"] == "right")
        ax.plot([0], [right[score]], "s", color="#555555", label="right")
        ax.axhline(goal, color="#777777", ls="--", lw=1)
        ax.set(xlabel="error of the outline (mm)", ylabel=label, xlim=(-0.4, 3.5))
    axes[0].legend(fontsize="small", loc="lower left")
    return axes


def middle_slice(phantom):
    """Return the number of the axial slice through the middle of the core."""
    return int(np.nonzero(phantom.structures["Core"])[0].mean() + 0.5)


def _extent(phantom, axis):
    """Return the edges of a slice in mm: left, right, bottom, top."""
    across = (1, 2) if axis == 0 else (0, 2) if axis == 1 else (0, 1)
    height, width = (phantom.ct_hu.shape[a] * phantom.spacing_mm[a] for a in across)
    return (0, width, height, 0) if axis == 0 else (0, width, 0, height)


def _show(ax, phantom, number, axis):
    """Draw a slice of the CT with the outlines of target and core, cut to the body."""
    turn = (lambda a: a) if axis == 0 else (lambda a: a[::-1])
    extent = _extent(phantom, axis)
    ax.imshow(turn(np.take(phantom.ct_hu, number, axis)), vmin=-500, vmax=400, extent=extent)
    for name, colour, dash in (("OuterTarget", "white", "-"), ("Core", COLOURS[4], "--")):
        mask = np.take(phantom.structures[name], number, axis)
        if mask.any():
            ax.contour(turn(mask), [0.5], colors=colour, linewidths=1.1, linestyles=dash,
                       extent=extent, origin="upper")  # fmt: skip
    body = np.take(phantom.structures["BODY"], number, axis)
    across = (1, 2) if axis == 0 else (0, 2) if axis == 1 else (0, 1)
    (low, high), (left, right) = (
        np.array([np.nonzero(body)[k].min(), np.nonzero(body)[k].max() + 1]) * phantom.spacing_mm[a]
        for k, a in enumerate(across)
    )
    ax.set(xlim=(left - _BODY_MM, right + _BODY_MM))
    ax.set_ylim((high + _BODY_MM, low - _BODY_MM) if axis == 0 else (low, high))
