"""Radiotherapy files of DICOM: a dose grid, a plan, a structure set; what is broken is refused."""

from __future__ import annotations

import os
import warnings

import numpy as np

from companion.data._dicom_file import count_frames, open_dataset, size_of
from companion.data._dicom_geometry import NotSaid, numbers
from companion.data._dicom_values import ImageFormatError, coded, get, number
from companion.data._radiotherapy_types import DoseGrid, PlanFile, PlannedBeam, Structure

_KINDS = {"RTDOSE": "dose grid", "RTPLAN": "plan", "RTSTRUCT": "structure set"}
_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_OFF_MM = 1e-2


def read_dose_grid(path: str | os.PathLike, *, reference_gy: float | None = None) -> DoseGrid:
    """Read an RT Dose file: its stored numbers times DoseGridScaling.

    Parameters
    ----------
    path : path
        A DICOM file of modality RTDOSE, axial, of several equally spaced slices.
    reference_gy : float, optional
        What 1 means where the file's units are RELATIVE; above 0. Such a file is refused
        without it, since it says nothing of gray.

    Returns
    -------
    DoseGrid
        In Gy.

    Raises
    ------
    ImageFormatError
        If the file is no dose grid, its units are not GY (or RELATIVE with a reference), the
        scaling is missing or not above 0, the slices are not axial or not equally spaced, a
        dose is negative, or the frame of reference is missing.
    ValueError
        If `reference_gy` is not above 0, or is given for a file in Gy.

    References
    ----------
    DICOM PS3.3, C.8.8.3 (RT Dose module).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> grid = read_dose_grid(get_testdata_file("rtdose.dcm"), reference_gy=30.8)
    >>> grid.dose_gy.shape, grid.spacing_mm, grid.summed_over
    ((15, 10, 10), (5.0, 10.0, 10.0), 'BEAM')
    """
    if reference_gy is not None and not (np.isfinite(reference_gy) and reference_gy > 0):
        raise ValueError(f"reference_gy must be a dose above 0, got {reference_gy}")
    return _read(path, "RTDOSE", lambda dataset: _dose_of(dataset, reference_gy))


def read_structures(path: str | os.PathLike) -> dict[str, Structure]:
    """Read the closed outlines of an RT Structure Set file; what is only a point is left out.

    Parameters
    ----------
    path : path
        A DICOM file of modality RTSTRUCT.

    Returns
    -------
    dict of str to Structure
        By name, in the file's order.

    Raises
    ------
    ImageFormatError
        If the file is no structure set, two structures have one name, a line has fewer than
        three points, is not of one slice, or lacks a frame of reference.

    References
    ----------
    DICOM PS3.3, C.8.8.5 (Structure Set module) and C.8.8.6 (ROI Contour module).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> {s.name: len(s.lines) for s in read_structures(get_testdata_file("rtstruct.dcm")).values()}
    {'patient': 3}
    """
    return _read(path, "RTSTRUCT", _structures_of)


def read_plan_file(path: str | os.PathLike) -> PlanFile:
    """Read what an RT Plan file says of fractions, targets and beams.

    Parameters
    ----------
    path : path
        A DICOM file of modality RTPLAN.

    Returns
    -------
    PlanFile
        Without leaves and weights.

    Raises
    ------
    ImageFormatError
        If the file is no plan, or has no fraction group or no beam.

    References
    ----------
    DICOM PS3.3, C.8.8.10 to C.8.8.14 (RT plan modules).

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> plan = read_plan_file(get_testdata_file("rtplan.dcm"))
    >>> plan.fractions, plan.beams[0].particle, plan.beams[0].energy
    (30, 'PHOTON', 6.0)
    """
    return _read(path, "RTPLAN", _plan_of)


def _read(path, kind, read):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's; what matters here is refused by name
            # The test files of pydicom lack the header; a damaged file has no modality.
            dataset = open_dataset(path, force=True)
            found = get(dataset, "Modality")
            if found != kind:
                raise ImageFormatError(
                    f"is of modality {coded(found) if found else 'unknown'}, expected {kind}, "
                    f"a {_KINDS[kind]}"
                )
            return read(dataset)
    except NotSaid as problem:
        raise ImageFormatError(f"{path}: {problem}") from None
    except ImageFormatError as problem:
        raise ImageFormatError(f"{path}: {problem}") from problem.__cause__


def _dose_of(dataset, reference_gy):
    unit = _unit_gy(dataset, reference_gy)
    scaling = number(dataset, "DoseGridScaling")
    if scaling <= 0:
        raise ImageFormatError(f"DoseGridScaling is {scaling:g}, expected a number above 0")
    if np.abs(np.subtract(numbers(dataset, "ImageOrientationPatient", 6), _AXIAL)).max() > 1e-3:
        raise ImageFormatError(
            "its slices are not axial (ImageOrientationPatient), which is not read"
        )
    rows, columns = numbers(dataset, "PixelSpacing", 2)
    x, y, z = numbers(dataset, "ImagePositionPatient", 3)
    frames = count_frames(dataset)
    shape = (frames, *size_of(dataset))
    offsets = np.array(numbers(dataset, "GridFrameOffsetVector", frames))
    steps = np.diff(offsets)
    if frames < 2 or np.ptp(steps) > _OFF_MM or abs(steps[0]) < _OFF_MM or min(rows, columns) <= 0:
        raise ImageFormatError(
            f"GridFrameOffsetVector is {offsets.tolist()} and PixelSpacing {rows:g}, {columns:g}: "
            "expected two or more equally spaced slices, rows and columns"
        )
    try:
        stored = dataset.pixel_array
    except Exception as problem:  # each decoder raises its own for broken bytes
        raise ImageFormatError(f"its doses can't be decoded: {problem}") from problem
    if stored.shape != shape:
        raise ImageFormatError(f"its doses are {stored.shape}, expected {shape}")
    if stored.min() < 0:
        raise ImageFormatError(f"holds negative doses, down to {scaling * stored.min():g}")
    if steps[0] < 0:
        stored = stored[::-1]
    # PS3.3 C.8.8.3.2: the first offset is 0, or all are z coordinates themselves.
    first = z + offsets.min() if abs(offsets[0]) < _OFF_MM else offsets.min()
    return DoseGrid(
        stored * scaling * unit, (float(abs(steps[0])), rows, columns), (float(first), y, x),
        _frame_of_reference(dataset), str(get(dataset, "DoseSummationType") or ""),
    )  # fmt: skip


def _unit_gy(dataset, reference_gy):
    units, kind = get(dataset, "DoseUnits"), get(dataset, "DoseType")
    if kind not in ("PHYSICAL", "EFFECTIVE"):
        raise ImageFormatError(f"DoseType is {coded(kind)}, expected PHYSICAL or EFFECTIVE")
    if units == "GY":
        if reference_gy is not None:
            raise ValueError(f"reference_gy is {reference_gy}, but the file's units are GY")
        return 1.0
    if units == "RELATIVE" and reference_gy is not None:
        return float(reference_gy)
    raise ImageFormatError(
        f"DoseUnits is {coded(units)}, expected GY; a relative dose needs reference_gy, the dose "
        "to which it is relative"
    )


def _frame_of_reference(dataset, keyword="FrameOfReferenceUID"):
    found = get(dataset, keyword)
    if found is None:
        raise ImageFormatError(f"{keyword} is missing: nobody knows in whose coordinates it lies")
    return str(found)


def _structures_of(dataset):
    items = get(dataset, "StructureSetROISequence") or ()
    known = {int(number(i, "ROINumber")): i for i in items}
    found = {}
    for contours in get(dataset, "ROIContourSequence") or ():
        roi = known.get(int(number(contours, "ReferencedROINumber")))
        if roi is None:
            raise ImageFormatError("has contours of a structure that is not in its list")
        name = str(get(roi, "ROIName") or "")
        lines = tuple(
            _line(name, item)
            for item in get(contours, "ContourSequence") or ()
            if get(item, "ContourGeometricType") != "POINT"
        )
        if not lines:
            continue
        if name in found:
            raise ImageFormatError(f"has two structures named {name!r}")
        frame = _frame_of_reference(roi, "ReferencedFrameOfReferenceUID")
        found[name] = Structure(name, lines, frame)
    return found


def _line(name, item):
    kind = get(item, "ContourGeometricType")
    if kind != "CLOSED_PLANAR":
        raise ImageFormatError(
            f"{name!r} has a contour that is {coded(kind)}, expected CLOSED_PLANAR"
        )
    given = get(item, "ContourData") or ()
    points = np.array(numbers(item, "ContourData", len(given)))
    points = points.reshape(-1, 3) if len(given) % 3 == 0 else points[:0].reshape(0, 3)
    if len(points) < 3 or np.ptp(points[:, 2]) > _OFF_MM:
        raise ImageFormatError(
            f"{name!r} has a contour of {len(given)} coordinates, expected three or more points "
            "of one slice"
        )
    return points[:, ::-1].copy()


def _plan_of(dataset):
    groups = get(dataset, "FractionGroupSequence")
    beams = get(dataset, "BeamSequence")
    if not groups or not beams:
        raise ImageFormatError("has no fraction group or no beam")
    targets = {
        str(get(item, "DoseReferenceDescription") or f"target {k + 1}"): number(
            item, "TargetPrescriptionDose"
        )
        for k, item in enumerate(get(dataset, "DoseReferenceSequence") or ())
        if get(item, "TargetPrescriptionDose") is not None
    }
    return PlanFile(
        str(get(dataset, "RTPlanLabel") or ""),
        int(number(groups[0], "NumberOfFractionsPlanned")), targets,
        tuple(_beam(item) for item in beams),
    )  # fmt: skip


def _beam(item):
    points = get(item, "ControlPointSequence")
    if not points:
        raise ImageFormatError("has a beam without control points")
    return PlannedBeam(
        str(get(item, "BeamName") or ""), coded(get(item, "RadiationType")),
        str(get(item, "TreatmentMachineName") or ""), number(points[0], "NominalBeamEnergy"),
        number(points[0], "GantryAngle"),
    )  # fmt: skip
