"""What a DICOM file's header says that names nobody, and how it is printed."""

from __future__ import annotations

from companion.data import _dicom_file as file
from companion.data import _dicom_geometry as geometry
from companion.data._dicom_values import ImageFormatError, coded, get, number


def facts_of(dataset):
    """Return what kind of file it is, by name of the fact; None where the file is silent."""
    asked = {
        "kind": lambda: _name(file.kind_of(dataset)),
        "modality": lambda: _coded(dataset, "Modality"),
        "size": lambda: file.size_of(dataset),
        "frames": lambda: file.count_frames(dataset) if "Rows" in dataset else None,
        "bits": lambda: tuple(
            int(found) for found in _pair(dataset, "BitsStored", "BitsAllocated")
        ),
        "signed": lambda: bool(number(dataset, "PixelRepresentation")),
        "photometric": lambda: _coded(dataset, "PhotometricInterpretation"),
        "rescale": lambda: _pair(dataset, "RescaleSlope", "RescaleIntercept"),
        "spacing_mm": lambda: geometry.spacing(dataset, file.size_of(dataset))[0],
        "window": lambda: _pair(dataset, "WindowCenter", "WindowWidth"),
        "padding": lambda: number(dataset, "PixelPaddingValue"),
        "transfer_syntax": lambda: _name(get(dataset.file_meta, "TransferSyntaxUID")),
    }
    return {name: _or_none(ask) for name, ask in asked.items()}


def _or_none(ask):
    try:
        return ask()
    except (ImageFormatError, geometry.NotSaid):
        return None


def _pair(dataset, *keywords):
    return tuple(number(dataset, keyword) for keyword in keywords)


def _name(uid):
    """Return the standard's name of a UID; of one that it does not know, nothing."""
    return uid.name if uid and uid.name != str(uid) else None


def _coded(dataset, keyword):
    value = get(dataset, keyword)
    return str(value) if value is not None and coded(value) == str(value) else None


def block(path, facts):
    """Return the facts of one file as lines of text, without what could move a terminal's pen."""
    lines = [str(path)]
    lines += [f"  {_LABELS[name]:16} {_TEXT.get(name, str)(value)}"
              for name, value in facts.items() if value is not None]  # fmt: skip
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def _numbers(values):
    return " x ".join(f"{value:.6g}" for value in values)


_LABELS = {
    "kind": "kind",
    "modality": "modality",
    "size": "rows x columns",
    "frames": "frames",
    "bits": "bits",
    "signed": "numbers",
    "photometric": "polarity",
    "rescale": "rescale",
    "spacing_mm": "spacing",
    "window": "window",
    "padding": "padding",
    "transfer_syntax": "transfer syntax",
    "refused": "REFUSED",
}
_TEXT = {
    "size": _numbers,
    "bits": lambda bits: f"{bits[0]} used of {bits[1]}",
    "signed": lambda signed: "signed" if signed else "unsigned",
    "rescale": lambda pair: f"stored x {pair[0]:g} {pair[1]:+g}",
    "spacing_mm": lambda steps: f"{_numbers(steps)} mm, rows x columns",
    "window": lambda pair: f"centre {pair[0]:g}, width {pair[1]:g}",
    "padding": lambda value: f"{value:g}",
}
