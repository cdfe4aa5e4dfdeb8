"""Every file that pydicom and pydicom-data ship, read by the companion and drawn by DCMTK.

Run ``python benchmarks/dicom_renderer.py``; it needs DCMTK (Debian and Ubuntu: ``apt install
dcmtk``), takes about twenty seconds and downloads nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from companion.data.dicom import DicomImage, ImageFormatError, read_dicom

#: DCMTK's program, which its version 3.7 calls by another name; None where there is none.
RENDERER = next(filter(shutil.which, ("dcmj2pnm", "dcm2img")), None)

#: What lies beside the files and never was DICOM.
OTHER = {".py", ".pyc", ".json", ".md", ".txt", ".dump", ".icc", ".gz"}


def shipped_files() -> list[Path]:
    """Return every file of both packages that may be DICOM, whatever its name."""
    import data_store
    import pydicom

    folders = [Path(package.__file__).parent / "data" for package in (pydicom, data_store)]
    found = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in OTHER and path.name != "README"
    ]
    if len(found) < 100:
        raise FileNotFoundError(f"found {len(found)} files in {folders}, expected over 100")
    return found


def render(path: Path, image: DicomImage, *, table: bool = False) -> np.ndarray:
    """Let DCMTK draw a file with its first window, or its first table, or neither.

    Without a window it gives each stored value one grey, so the result has as many bits as they.
    """
    import pydicom

    options, bits = ["-W"], int(pydicom.dcmread(path, stop_before_pixels=True).BitsStored)
    if image.units == "windowed":
        options, bits = (["+Wl", "1"] if table else ["+Wi", "1"]), 16
    drawn = subprocess.run(
        [RENDERER, "-q", "-O", *options, "+F", str(image.frame + 1), "+opn", str(bits), path],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    kind, _, rest = "\n".join(
        line for line in drawn.split("\n", 3) if not line.startswith("#")
    ).partition("\n")
    width, height, highest, *greys = np.fromstring(rest, sep=" ")
    if kind != "P2" or highest != 2**bits - 1:
        raise ValueError(f"{path}: expected a PGM file of {bits} bits, got {kind} up to {highest}")
    return np.reshape(greys, (int(height), int(width))) / highest


def without_compression(path: Path, folder: Path) -> Path:
    """Return the file, or where DCMTK can't decode JPEG 2000 a copy that is decoded already."""
    import pydicom

    dataset = pydicom.dcmread(path)
    if "JPEG 2000" not in dataset.file_meta.TransferSyntaxUID.name:
        return path
    dataset.PixelData = dataset.pixel_array.tobytes()
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OW", False
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    copy = folder / "decoded.dcm"
    dataset.save_as(copy, implicit_vr=False, little_endian=True)
    return copy


def compare(path: Path) -> tuple[str, str]:
    """Return what became of a file ("equal", "refused", "differs"), and the reason in words."""
    try:
        try:
            images = [read_dicom(path)]
        except ImageFormatError as problem:
            if "choose one" not in str(problem):
                raise
            first = read_dicom(path, frame=0)
            which = sorted({first.frames // 2, first.frames - 1})
            images = [first, *(read_dicom(path, frame=frame) for frame in which)]
    except ImageFormatError as problem:
        return "refused", str(problem).removeprefix(f"{path}: ")
    found = [compare_image(path, image) for image in images]
    state, what = next((each for each in found if each[0] == "differs"), found[0])
    return state, f"{what}, {len(images)} of several frames" if images[0].frames > 1 else what


def compare_image(path: Path, image: DicomImage) -> tuple[str, str]:
    """Return whether DCMTK draws a frame equally, and how that was found."""
    import pydicom

    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # pydicom's, about names in foreign alphabets
        source = without_compression(path, Path(folder))
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        drawn = render(source, image, table="VOILUTSequence" in dataset)
    if drawn.shape != image.pixels.shape:
        return "differs", f"shape {image.pixels.shape}, DCMTK {drawn.shape}"
    decoded = ", decoded by Pillow" if source != path else ""
    what = f"{image.units}{decoded}"
    ours = image.pixels.astype(float)
    if largest(ours, drawn, image) <= 1.01 / 65535:
        return "equal", what
    slope = float(dataset.get("RescaleSlope") or 1)
    if image.window is not None and slope != round(slope):
        # DCMTK keeps rescaled values as whole numbers, cut towards zero; we keep the fraction.
        low, high = image.window
        ours = np.clip((np.trunc(image.values) - low) / (high - low), 0, 1)
        ours = 1 - ours if image.photometric == "MONOCHROME1" else ours
        if largest(ours, drawn, image) <= 1.01 / 65535:
            return "equal", f"{what}, once rescaled values are cut to whole numbers as DCMTK does"
    return "differs", f"{what}: by up to {largest(ours, drawn, image):.5f}"


def largest(ours: np.ndarray, drawn: np.ndarray, image: DicomImage) -> float:
    """Return the largest difference outside the padding, which DCMTK draws like tissue."""
    return float(np.abs(ours - drawn)[~image.padding].max(initial=0))


def kind_of(reason: str) -> str:
    """Shorten a reason for refusing to its kind."""
    kinds = {
        "letters DICM are missing": "no DICOM header",
        "no pixels": "no pixels",
        "PhotometricInterpretation is missing": "no photometric interpretation",
        "expected greyscale": "colour",
        "keeps its scale in": "enhanced file, whose scale is kept by frame",
        "expected an image": "no picture: dose, plan, segmentation, report, directory",
        "no decoder is installed": "compression without an installed decoder",
        "damaged or cut off": "damaged, or beyond the installed decoder",
        "can't be decoded": "damaged, or beyond the installed decoder",
    }
    return next((kind for words, kind in kinds.items() if words in reason), reason)


def table(results: dict[Path, tuple[str, str]]) -> str:
    """Return the counts, one line a kind."""
    counts = Counter(
        (state, kind_of(reason) if state == "refused" else reason)
        for state, reason in results.values()
    )
    lines = [f"{state:8} {count:4}  {kind}" for (state, kind), count in sorted(counts.items())]
    sums = Counter(state for state, _ in results.values())
    total = ", ".join(f"{sums[state]} {state}" for state in ("equal", "refused", "differs"))
    return "\n".join([*lines, f"{len(results)} files: {total}"])


if __name__ == "__main__":
    results = {path: compare(path) for path in shipped_files()}
    print(table(results))
    for path, (state, reason) in results.items():
        if state == "differs":
            print(f"{path.name}: {reason}")
