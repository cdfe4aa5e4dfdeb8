"""Backstage of chapter 2: its own figures, what they are handed, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.checks import check_choice
from companion.data import describe_dicom
from companion.pages._image_drawings import plot_bits as plot_bits
from companion.pages._image_drawings import plot_kinds as plot_kinds
from companion.pages._image_drawings import plot_outlines as plot_outlines
from companion.pages._image_drawings import plot_slices as plot_slices
from companion.pages._image_drawings import plot_window_level as plot_window_level
from companion.pages._image_drawings import plot_windows as plot_windows
from companion.pages._image_drawings import slice_sphere as slice_sphere
from companion.pages._neuron_drawings import lung_contrast as lung_contrast
from companion.pages._neuron_drawings import plot_cnn as plot_cnn
from companion.pages._neuron_drawings import plot_descents as plot_descents
from companion.pages._neuron_drawings import plot_history as plot_history
from companion.pages._neuron_drawings import plot_measured as plot_measured
from companion.pages._neuron_drawings import plot_neuron as plot_neuron
from companion.pages._neuron_drawings import plot_rnn as plot_rnn
from companion.pages.check import Case
from companion.pages.operated import packed

if TYPE_CHECKING:
    import pydicom

    from companion.data import Outline

#: Centre and width of the usual windows of a CT, in Hounsfield units.
WINDOWS = {"lung": (-600, 1500), "soft": (40, 400), "bone": (400, 1800)}

_HALF = 1 / (1 + np.exp(-0.5))
CASES = {
    "gradient_step": [
        Case("an ill film, all weights zero", ([2.0, 1.0], 1, [0.0, 0.0], 0.5), [0.5, 0.25]),
        Case("a healthy film, all weights zero", ([2.0, 1.0], 0, [0.0, 0.0], 0.5), [-0.5, -0.25]),
        Case(
            "a film that the neuron nearly has right",
            ([1.0, -1.0], 1, [0.25, -0.25], 2.0),
            [0.25 + 2 * (1 - _HALF), -0.25 - 2 * (1 - _HALF)],
        ),
    ],
    "to_grey": [
        Case("water under the soft tissue window", (0, 40, 400), 160 / 399),
        Case("air under the soft tissue window", (-1000, 40, 400), 0.0),
        Case("metal under the bone window", (3000, 400, 1800), 1.0),
        Case("the middle of a window of three values", (100, 100.5, 3), 0.5),
    ],
    "slice_distances": [
        Case("three slices, in order", ([0.0, 2.5, 5.0],), [2.5, 2.5]),
        Case("the same, as the files came", ([5.0, 0.0, 2.5],), [2.5, 2.5]),
        Case("one slice is missing", ([-10.0, -8.0, -4.0],), [2.0, 4.0]),
        Case("counted from head to foot", ([30.0, 29.0, 28.0, 25.0],), [3.0, 1.0, 1.0]),
    ],
}


def window_figure(
    values: np.ndarray,
    place: tuple[int, int],
    *,
    presets: Mapping[str, tuple[float, float]] = WINDOWS,
    start: str = "soft",
) -> dict:
    """Return what the figure `window_level` is handed.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W), whole Hounsfield units from -1024 to 1220.
    place : tuple of int
        Row and column of the pixel that is chosen first.
    presets : mapping of str to tuple of float
        Centre and width by name, of those that the script knows: lung, soft, body, bone.
    start : str
        The preset with which the figure begins.

    Returns
    -------
    dict
        Values packed in half precision, which holds them exactly; a histogram of 20 units a bin.

    Raises
    ------
    ValueError
        If a value is no whole number or out of range, or `start` is no preset.

    Examples
    --------
    >>> figure = window_figure(np.array([[-1000.0, 40.0]]), (0, 1))
    >>> figure["rows"], figure["columns"], sum(figure["counts"])
    (1, 2, 2)
    """
    first, step, last = -1040, 20, 1220
    if (values != values.round()).any() or values.min() < -1024 or values.max() > last:
        raise ValueError(
            f"values must be whole, from -1024 to {last}, got {values.min()} to {values.max()}"
        )
    check_choice("start", start, presets)
    counts = np.histogram(values, np.arange(first, last + 1, step))[0]
    return {
        "values": packed(values),
        "rows": values.shape[0],
        "columns": values.shape[1],
        "counts": counts.tolist(),
        "first": first,
        "step": step,
        "presets": dict(presets),
        "start": start,
        "place": place,
    }


def describe_images(files: Mapping[str, str | Path], pictures: Mapping[str, np.ndarray]):
    """Return a table of the traits of images: size, bits, spacing, megabytes of pixels.

    Parameters
    ----------
    files : mapping of str to path
        DICOM files, by what they show.
    pictures : mapping of str to numpy.ndarray
        (H, W, 3) uint8, whose files say nothing else.

    Returns
    -------
    pandas.DataFrame
        One row an image.

    Examples
    --------
    >>> table = describe_images({}, {"retina": np.zeros((1000, 1000, 3), np.uint8)})
    >>> table.loc["retina"].tolist()
    ['1000 × 1000 × 3', '8', 'not said', '3.0']
    """
    import pandas as pd

    rows = {}
    for name, path in files.items():
        facts = describe_dicom(path)
        colours = 1 if facts["photometric"].startswith("MONOCHROME") else 3
        shape = [*facts["size"], *[n for n in (colours, facts["frames"]) if n > 1]]
        used, taken = facts["bits"]
        spacing = facts["spacing_mm"]
        rows[name] = shape, f"{used}", spacing and f"{spacing[0]:.2f}", taken // 8
    for name, picture in pictures.items():
        rows[name] = picture.shape, "8", None, 1
    table = {
        name: (
            " × ".join(map(str, shape)), bits, spacing or "not said",
            f"{np.prod(shape) * cells / 1e6:.1f}",
        )
        for name, (shape, bits, spacing, cells) in rows.items()
    }  # fmt: skip
    columns = ["pixels", "bits", "mm a pixel", "MB"]
    return pd.DataFrame.from_dict(table, orient="index", columns=columns)


def readers_by_slice(
    drawn: Mapping[int, Sequence[Outline]],
) -> dict[float, list[np.ndarray | None]]:
    """Return what each reader drew in each slice that any of them drew in.

    Parameters
    ----------
    drawn : mapping of int to sequence of companion.data.Outline
        From :func:`companion.data.outlines`.

    Returns
    -------
    dict of float to list
        By the slice's position, from below: one (P, 2) a reader, rows and columns in mm from the
        middle of all outlines, or None where he or she drew nothing.

    Examples
    --------
    >>> from companion.data import Outline
    >>> square = np.array([[0, 0], [0, 2], [2, 2], [2, 0]])
    >>> drawn = {7: [Outline(1.5, square, square, True)], 9: []}
    >>> [points is None for points in readers_by_slice(drawn)[1.5]]
    [False, True]
    """
    lines = [line for lines in drawn.values() for line in lines if line.included]
    middle = np.concatenate([line.points_mm for line in lines]).mean(axis=0)
    places = {}
    for height in sorted({line.z_mm for line in lines}):
        places[height] = [
            next(
                (line.points_mm - middle for line in its if line.included and line.z_mm == height),
                None,
            )
            for its in drawn.values()
        ]
    return places


def enclosed_area(points: np.ndarray) -> float:
    """Return the area inside a closed line.

    Parameters
    ----------
    points : numpy.ndarray
        (P, 2), in order; the last is joined to the first.

    Returns
    -------
    float
        In the square of the points' unit.

    Examples
    --------
    >>> enclosed_area(np.array([[0, 0], [0, 2], [3, 2], [3, 0]]))
    6.0
    """
    rows, columns = points.T
    return float(abs(rows @ np.roll(columns, 1) - columns @ np.roll(rows, 1)) / 2)


def what_became_of(person: Mapping[str, str], result: pydicom.Dataset) -> list[str]:
    """Say for each thing that :func:`plant_person` wrote what stands in its place.

    Parameters
    ----------
    person : mapping of str to str
        What was written, by keyword or place.
    result : pydicom.Dataset
        After de-identification.

    Returns
    -------
    list of str
        The new value; "empty"; "removed", if the old value is nowhere in the header; or "still
        there".

    Examples
    --------
    >>> import pydicom
    >>> header = pydicom.Dataset()
    >>> header.PatientName = ""
    >>> what_became_of({"PatientName": "Muster^Erika", "in a private tag": "Erika"}, header)
    ['empty', 'removed']
    """
    text = str(result)
    found = []
    for keyword, value in person.items():
        if value in text:
            found.append("still there")
        else:
            found.append(str(result.get(keyword, "removed")) or "empty")
    return found


def plant_person(dataset: pydicom.Dataset) -> dict[str, str]:
    """Write an invented person into a header, in plain, nested and private places.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Changed in place.

    Returns
    -------
    dict of str to str
        What was written, by the attribute's keyword, or by a name for what has none.

    Examples
    --------
    >>> import pydicom
    >>> plant_person(pydicom.Dataset())["PatientName"]
    'Muster^Erika'
    """
    from pydicom import Dataset

    person = {
        "PatientName": "Muster^Erika",
        "PatientID": "KH-4711-0815",
        "PatientBirthDate": "19560229",
        "StudyDate": "20240131",
        "StudyTime": "081500",
        "InstitutionName": "Klinik am Musterberg",
        "ReferringPhysicianName": "Beispiel^Otto",
        "StudyDescription": "Control after operation, Mrs Muster",
        "DeviceSerialNumber": "SN-77-1234",
    }
    for keyword, value in person.items():
        setattr(dataset, keyword, value)
    nested = Dataset()
    nested.RequestedProcedureDescription = "CT for Mrs Muster, room 12"
    dataset.RequestAttributesSequence = [nested]
    private = dataset.private_block(0x0099, "INVENTED MAKER", create=True)
    private.add_new(0x01, "LO", "E. Muster, born 1956")
    return person | {
        "inside a sequence": nested.RequestedProcedureDescription,
        "in a private tag": "E. Muster, born 1956",
    }
