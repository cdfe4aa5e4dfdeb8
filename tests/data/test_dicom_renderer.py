"""DICOM against DCMTK: every file that pydicom ships is read equally, or refused truly."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from companion.data.dicom import read_dicom

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "dicom_renderer.py"))
MISSING = not (SCRIPT["RENDERER"] and shutil.which("dcmdump"))
pytestmark = pytest.mark.skipif(
    MISSING and not os.environ.get("CI"), reason="DCMTK is not installed: apt install dcmtk"
)


@pytest.fixture(scope="module")
def results():
    """What became of each file."""
    assert not MISSING, "CI needs DCMTK: apt install dcmtk"
    return {path: SCRIPT["compare"](path) for path in SCRIPT["shipped_files"]()}


def test_every_file_is_read_as_dcmtk_draws_it_or_refused(results):
    differing = {path.name: reason for path, (state, reason) in results.items()
                 if state not in ("equal", "refused")}  # fmt: skip
    assert differing == {}
    counts = Counter(state for state, _ in results.values())
    # Newer packages may ship more files, and another decoder (pylibjpeg) read more of them.
    assert counts["equal"] >= 80
    assert counts.total() >= 260
    # The only difference, explained where it is compared: DCMTK cuts rescaled values.
    fractional = {path.name for path, (_, reason) in results.items() if "cut to whole" in reason}
    assert fractional == {"6154", "6247", "6278", "MR2_J2KI.dcm", "MR2_J2KR.dcm", "MR2_UNCI.dcm",
                          "MR2_UNCR.dcm"}  # fmt: skip


def dump(path, *keywords):
    """Return what DCMTK finds under each keyword at the top of a file, as text."""
    options = [part for keyword in keywords for part in ("+P", keyword)]
    lines = subprocess.run(
        ["dcmdump", "-q", "+E", "+Un", "-s", *options, path], capture_output=True, text=True,
        errors="replace",
    ).stdout.splitlines()  # fmt: skip
    found = {}
    for line in lines:
        match = re.match(r"\([0-9a-f,]+\) .. (.*?) +# .* (\w+)$", line)
        if match:
            found.setdefault(match[2], match[1].strip("[]="))
    return found


WITNESSES = {
    "no DICOM header": lambda path, said, found: path.read_bytes()[128:132] != b"DICM",
    "no pixels": lambda path, said, found: "PixelData" not in found,
    "no photometric interpretation": lambda path, said, found: (
        "PhotometricInterpretation" not in found
    ),
    "colour": lambda path, said, found: said.startswith(
        # DCMTK stumbles over the first element of SC_rgb_jpeg.dcm; there its bytes say it.
        f"is {found['PhotometricInterpretation']},"
        if path.name != "SC_rgb_jpeg.dcm"
        else "is RGB," * (b"\x28\x00\x04\x00\x04\x00\x00\x00RGB " in path.read_bytes())
    ),
    "enhanced file, whose scale is kept by frame": lambda path, said, found: (
        said.split(",")[0].removeprefix("keeps its scale in ") in found
    ),
    "no picture: dose, plan, segmentation, report, directory": lambda path, said, found: (
        not re.search("Image|Capture", found.get("SOPClassUID", found["MediaStorageSOPClassUID"]))
    ),
    "compression without an installed decoder": lambda path, said, found: re.search(
        "JPEGLossless|JPEGLS", found["TransferSyntaxUID"]
    ),
}
DAMAGED = {
    "MR_truncated.dcm": "8130 vs 8192 bytes",
    "JPEG-lossy.dcm": "does not support 'JPEG Extended' for samples with 12-bit",
    "JPGExtended.dcm": "does not support 'JPEG Extended' for samples with 12-bit",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "nothing can be read behind its header",
    # Bytes of the stream's size were overwritten on purpose by a delimiter: FE FF DD E0.
    "JPEG2000-embedded-sequence-delimiter.dcm": "Image size (3811783737344 pixels)",
}


def test_each_reason_for_refusing_is_true(results):
    keywords = ("PixelData", "PhotometricInterpretation", "SharedFunctionalGroupsSequence",
                "PerFrameFunctionalGroupsSequence", "SOPClassUID", "MediaStorageSOPClassUID",
                "TransferSyntaxUID")  # fmt: skip
    untrue = {}
    for path, (state, reason) in results.items():
        if state != "refused":
            continue
        kind = SCRIPT["kind_of"](reason)
        if kind == "damaged, or beyond the installed decoder":
            true = DAMAGED.get(path.name, "unknown") in reason
        else:
            true = kind in WITNESSES and WITNESSES[kind](path, reason, dump(path, *keywords))
        if not true:
            untrue[path.name] = reason
    assert untrue == {}


def test_decoded_jpeg_2000_is_what_was_encoded(results):
    paths = {path.name: path for path in results}
    pairs = [
        (f"{film}_J2K{way}.dcm", f"{film}_UNC{way}.dcm", 0 if way == "R" else slope)
        for film, slope in (("693", 1), ("MR2", 3.774114), ("RG1", 1), ("RG3", 1))
        for way in "RI"
    ]
    pairs += [("MR_small_jp2klossless.dcm", "MR_small.dcm", 0)]
    pairs += [("JPEG2000.dcm", "JPEG2000_UNC.dcm", 1)]
    # The lossy ones were unpacked by another decoder, which may round the other way.
    for encoded, plain, step in pairs:
        found, expected = (read_dicom(paths[name]).values for name in (encoded, plain))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1.01 * step, err_msg=encoded)


MADE = [
    {},
    {"WindowCenter": 800, "WindowWidth": 1000},
    {"WindowCenter": 800.5, "WindowWidth": 1},
    {"WindowCenter": 70, "WindowWidth": 900, "RescaleSlope": 2, "RescaleIntercept": -500},
    {"WindowCenter": 900, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"},
    {"RescaleSlope": -1, "RescaleIntercept": 100},
    {"BitsStored": 12, "HighBit": 11},
    {"BitsStored": 12, "HighBit": 11, "WindowCenter": 300, "WindowWidth": 2000},
]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("elements", MADE)
def test_files_made_for_this_are_drawn_equally(write_dicom, rng, elements, photometric, signed):
    assert not MISSING, "CI needs DCMTK: apt install dcmtk"
    stored = rng.integers(-2000 * signed, 2000, (16, 16))
    path = write_dicom(stored, signed=signed, PhotometricInterpretation=photometric, **elements)
    image = read_dicom(path)
    drawn = SCRIPT["render"](path, image)
    # Without a window DCMTK draws as many greys as there are stored numbers: one grey is rounding.
    bits = 16 if image.units == "windowed" else elements.get("BitsStored", 16)
    np.testing.assert_allclose(image.pixels, drawn, rtol=0, atol=1.01 / (2**bits - 1))
