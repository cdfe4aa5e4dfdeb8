"""The headers of a series: sorted by place, and refused by name where they make no volume."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.data import _dicom_file as file
from companion.data import _dicom_geometry as geometry
from companion.data._dicom_values import ImageFormatError, get

#: How far a position may be off its place in an even row of slices: files round to 0.01 mm or so.
TOLERANCE_MM = 0.02
#: How much two direction cosines of one series may differ: six digits or fewer are written.
_COSINE = 1e-4


@dataclass(frozen=True)
class Header:
    """What is known of one slice before its pixels are read."""

    path: Path
    instance: str
    modality: str
    frame_of_reference: str
    units: tuple[str, ...]
    shape: tuple[int, int]
    spacing_mm: tuple[float, float]
    orientation: tuple[float, ...]
    position_mm: tuple[float, float, float]


def find_files(source):
    """Return the files of a folder, which is not searched deeper, or those that were given."""
    if isinstance(source, Iterable) and not isinstance(source, str | bytes):
        paths = [Path(path) for path in source]
        if not paths:
            raise ValueError("no files were given, expected those of a series")
        return paths
    folder = Path(source)
    if folder.is_file():
        raise ValueError(f"{folder} is one file, expected a folder or several files")
    paths = sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")
    )
    if not paths:
        raise ImageFormatError(f"{folder} has no files; its own folders are not searched")
    return paths


def read_headers(paths, series):
    """Return the headers of one series, in the order of `paths`."""
    datasets = {path: _open(path) for path in paths}
    if len(datasets) < len(paths):
        twice = next(path for path, count in Counter(paths).items() if count > 1)
        raise ValueError(f"{twice} was given twice")
    by_series = defaultdict(list)
    for path, dataset in datasets.items():
        by_series[str(get(dataset, "SeriesInstanceUID") or "")].append(path)
    listed = ", ".join(
        f"{uid or 'without SeriesInstanceUID'} ({len(its)} files, first {its[0].name})"
        for uid, its in by_series.items()
    )
    folder = paths[0].parent
    if series is None and len(by_series) > 1:
        raise ImageFormatError(
            f"{folder}: {len(by_series)} series are mixed; choose one by series=its "
            f"SeriesInstanceUID: {listed}"
        )
    if series is not None and series not in by_series:
        raise ImageFormatError(f"{folder}: series {series} is not there; found {listed}")
    chosen = paths if series is None else by_series[series]
    return [_named(path, lambda p=path: _header(p, datasets[p])) for path in chosen]


def _named(path, read):
    """Read something of a file; name the file where it can't be read."""
    try:
        return read()
    except geometry.NotSaid as problem:
        raise ImageFormatError(f"{path}: {problem}") from None
    except ImageFormatError as problem:
        raise ImageFormatError(f"{path}: {problem}") from problem.__cause__


def _open(path):
    return _named(path, lambda: file.open_dataset(path, stop_before_pixels=True))


def _header(path, dataset):
    file.check_kind(dataset)
    frames = file.count_frames(dataset)
    if frames > 1:
        raise ImageFormatError(f"has {frames} frames, expected one slice a file")
    file.check_photometric(dataset)
    kinds = get(dataset, "ImageType") or []
    if "LOCALIZER" in ([kinds] if isinstance(kinds, str) else list(kinds)):
        raise ImageFormatError("is a localiser (ImageType), expected a slice of the volume")
    shape = file.size_of(dataset)
    return Header(
        path=path,
        instance=str(get(dataset, "SOPInstanceUID") or ""),
        modality=str(get(dataset, "Modality") or ""),
        frame_of_reference=str(get(dataset, "FrameOfReferenceUID") or ""),
        units=_units(dataset),
        shape=shape,
        spacing_mm=_spacing(dataset, shape),
        orientation=geometry.orientation(dataset),
        position_mm=geometry.position(dataset, frames),
    )


def _spacing(dataset, shape):
    """Return the spacing in the patient; at a detector it is another."""
    spacing, keyword = geometry.spacing(dataset, shape)
    if keyword != "PixelSpacing":
        raise ImageFormatError(f"gives {keyword} only, expected PixelSpacing")
    return spacing


def _units(dataset):
    """Return what the values of a slice are measured in, as far as its header says so."""
    rescaled = any(
        keyword in dataset
        for keyword in ("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence")
    )
    said = (str(get(dataset, keyword) or "") for keyword in ("RescaleType", "Units"))
    return ("rescaled" if rescaled else "stored", *said)


def sort_by_place(headers):
    """Return the headers in the order of their positions along the normal, and their distance.

    The normal is the cross product of a row's direction and a column's, so that columns, rows
    and slices make a right-handed system: for axial slices from the feet to the head.
    """
    if len(headers) < 2:
        raise ImageFormatError(f"{headers[0].path}: is one slice only, expected at least two")
    first = headers[0]
    for name, tolerance in (
        ("modality", None), ("frame_of_reference", None), ("units", None), ("shape", None),
        ("spacing_mm", 1e-4), ("orientation", _COSINE),
    ):  # fmt: skip
        _check_alike(headers, name, tolerance)
    right, down, normal = axes(first.orientation)
    positions = np.array([header.position_mm for header in headers])
    offsets = positions - positions[0]
    along = offsets @ normal
    order = np.argsort(along, kind="stable")
    headers, along = [headers[i] for i in order], along[order]
    _check_places(headers, np.c_[offsets @ right, offsets @ down][order], along)
    step = (along[-1] - along[0]) / (len(headers) - 1)
    _check_even(headers, along, step)
    _check_tilt(headers, np.c_[offsets @ right, offsets @ down][order], step)
    return headers, float(step)


def axes(orientation):
    """Return the unit vectors along a row, along a column and along their normal."""
    right, down = np.reshape(orientation, (2, 3))
    right, down = right / np.linalg.norm(right), down / np.linalg.norm(down)
    normal = np.cross(right, down)
    return right, down, normal / np.linalg.norm(normal)


def _check_alike(headers, name, tolerance):
    """Refuse slices that differ in something in which those of one volume are alike."""
    groups = []
    for header in headers:
        value = getattr(header, name)
        for group in groups:
            if _alike(getattr(group[0], name), value, tolerance):
                group.append(header)
                break
        else:
            groups.append([header])
    if len(groups) > 1:
        listed = "; ".join(
            f"{getattr(group[0], name)!r} in {len(group)} ({group[0].path.name} first)"
            for group in groups
        )
        raise ImageFormatError(
            f"{headers[0].path.parent}: the slices differ in {name.replace('_', ' ')}: {listed}"
        )


def _alike(one, other, tolerance):
    return one == other if tolerance is None else np.allclose(one, other, rtol=0, atol=tolerance)


def _check_places(headers, aside, along):
    """Refuse slices at one place, which are several volumes in time, or copies."""
    # Places are told apart along the normal and in the plane; a localiser's lie crosswise.
    same = np.flatnonzero(np.diff(along) <= TOLERANCE_MM)
    if not len(same):
        return
    places = np.split(np.arange(len(headers)), np.flatnonzero(np.diff(along) > TOLERANCE_MM) + 1)
    counts = {len(place) for place in places}
    for place in places:
        _check_copies([headers[index] for index in place])
    if len(counts) == 1 and len(places) > 1:
        raise ImageFormatError(
            f"{headers[0].path.parent}: {counts.pop()} slices at each of {len(places)} positions: "
            f"a stack in four dimensions, expected one volume; choose the files of one"
        )
    one, other = headers[same[0]], headers[same[0] + 1]
    shift = math.dist(aside[same[0]], aside[same[0] + 1])
    raise ImageFormatError(
        f"{one.path} and {other.path.name} lie at one place along the normal"
        + (f", {shift:g} mm apart in the plane" if shift > TOLERANCE_MM else "")
        + f"; so do {len(same) - 1} further pairs"
    )


def _check_copies(headers):
    """Refuse one image that stands in two files."""
    first = {}
    for header in headers:
        if header.instance and header.instance in first:
            raise ImageFormatError(
                f"{header.path}: is a copy of {first[header.instance].path.name}, with the same "
                f"SOPInstanceUID"
            )
        first[header.instance] = header


def _check_even(headers, along, step):
    """Refuse a gap: a step that differs from the usual one, or many small ones that add up."""
    steps = np.diff(along)
    usual = float(np.median(steps))
    wrong = np.flatnonzero(np.abs(steps - usual) > TOLERANCE_MM)
    if len(wrong):
        i = wrong[np.argmax(np.abs(steps[wrong] - usual))]
        raise ImageFormatError(
            f"{headers[i].path} and {headers[i + 1].path.name} are {steps[i]:g} mm apart, the "
            f"usual distance is {usual:g} mm: slices are missing or uneven in {len(wrong)} places "
            f"(tolerance {TOLERANCE_MM} mm)"
        )
    drift = np.abs(along - along[0] - step * np.arange(len(along)))
    if drift.max() > TOLERANCE_MM:
        i = int(np.argmax(drift))
        raise ImageFormatError(
            f"{headers[i].path}: lies {drift[i]:g} mm off an even row of slices (tolerance "
            f"{TOLERANCE_MM} mm)"
        )


def _check_tilt(headers, aside, step):
    """Refuse slices that are shifted in their plane: a tilted gantry shears the volume."""
    shift = aside - aside[0]
    if np.abs(shift).max() <= TOLERANCE_MM:
        return
    last = math.hypot(*shift[-1])
    angle = math.degrees(math.atan2(last, step * (len(headers) - 1)))
    raise ImageFormatError(
        f"{headers[-1].path}: lies {last:g} mm aside of {headers[0].path.name}, along the slices' "
        f"plane: {angle:.1f} degrees between the row of slices and their normal, as a tilted "
        f"gantry gives, expected none (tolerance {TOLERANCE_MM} mm)"
    )
