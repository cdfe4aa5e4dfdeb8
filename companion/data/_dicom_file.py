"""A DICOM file opened, checked for what it is, and decoded: nothing in it is trusted."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np

from companion.data._dicom_values import ImageFormatError, coded, get, number

#: What has pixels and is no picture of a patient: doses, contours, segmentations.
_NO_PICTURES = ("RTDOSE", "RTSTRUCT", "RTPLAN", "RTRECORD", "SEG", "SR", "KO", "PR", "REG", "M3D")


def open_dataset(path, **options):
    """Return a file's data set, whole unless the options of ``pydicom.dcmread`` say otherwise."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        dataset = pydicom.dcmread(path, **options)
    except InvalidDicomError as problem:
        raise ImageFormatError(
            "not a DICOM file: the letters DICM are missing after the first 128 bytes. A data "
            "set without this header must get one first, for instance by DCMTK's dcmconv"
        ) from problem
    except OSError:
        raise
    except Exception as problem:  # a damaged file breaks the parser in many places
        raise ImageFormatError(f"can't be read as DICOM: {problem}") from problem
    if len(dataset) == 0:  # pydicom drops all of a data set that ends in the middle of an item
        raise ImageFormatError("nothing can be read behind its header: damaged or cut off")
    return dataset


def kind_of(dataset):
    """Return the UID of the SOP class, which names what a file is; it may be empty."""
    from pydicom.uid import UID

    kind = get(dataset, "SOPClassUID") or get(dataset.file_meta, "MediaStorageSOPClassUID")
    return UID(str(kind or ""))


def check_kind(dataset):
    """Refuse by name what is no picture, or keeps its scale where it is not read."""
    kind = kind_of(dataset)
    if kind in ("1.2.840.10008.1.3.10",) or (kind.type == "SOP Class" and "Image" not in kind.name):
        raise ImageFormatError(f"is a {kind.name}, expected an image")
    modality = get(dataset, "Modality")
    if modality in _NO_PICTURES:
        raise ImageFormatError(f"is of modality {modality}, expected an image")
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        if get(dataset, keyword) is not None:
            raise ImageFormatError(
                f"keeps its scale in {keyword}, which is not read; expected a classic file"
            )


def check_pixels(dataset):
    """Refuse a file without pixels."""
    if get(dataset, "PixelData") is None:
        raise ImageFormatError("this DICOM file has no pixels (PixelData)")


def count_frames(dataset):
    """Return how many frames the header says there are; one where it says nothing."""
    if get(dataset, "NumberOfFrames") is None:
        return 1
    frames = number(dataset, "NumberOfFrames")
    if frames < 1 or frames != int(frames):
        raise ImageFormatError(f"NumberOfFrames is {frames:g}, expected a count of at least 1")
    return int(frames)


def choose_frame(frames, frame):
    """Return the frame that is asked for; the only one needs no asking."""
    if frame is None:
        if frames > 1:
            raise ImageFormatError(
                f"has {frames} frames; choose one: frame=0 is the first, frame={frames - 1} the "
                f"last"
            )
        return 0
    if not 0 <= frame < frames:
        raise ImageFormatError(
            f"has frames 0 to {frames - 1}, frame {frame} is not among them"
            if frames > 1
            else f"has one frame, frame=0, got frame={frame}"
        )
    return frame


def check_photometric(dataset):
    """Return MONOCHROME1 or MONOCHROME2, or raise."""
    photometric = get(dataset, "PhotometricInterpretation")
    if photometric is None:
        raise ImageFormatError(
            "PhotometricInterpretation is missing or empty; without it nobody knows whether "
            "high values are bright"
        )
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageFormatError(f"is {coded(photometric)}, expected greyscale (MONOCHROME1 or 2)")
    if number(dataset, "SamplesPerPixel") != 1:
        raise ImageFormatError(
            f"is {photometric} with SamplesPerPixel {get(dataset, 'SamplesPerPixel')}, expected 1"
        )
    shape = get(dataset, "PresentationLUTShape")
    if (photometric, shape) in (("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")):
        raise ImageFormatError(
            f"is {photometric} with PresentationLUTShape {shape}: one says that low values are "
            f"bright, the other that they are dark"
        )
    return str(photometric)


def size_of(dataset):
    """Return (Rows, Columns), both at least 1."""
    shape = tuple(int(number(dataset, keyword)) for keyword in ("Rows", "Columns"))
    if min(shape) < 1:
        raise ImageFormatError(f"has Rows and Columns {shape}, expected at least 1")
    return shape


def decode(dataset, frame, frames):
    """Return the stored cells (H, W) of one of so many frames, unused bits and all."""
    from pydicom.pixels import get_decoder, pixel_array

    syntax = get(dataset.file_meta, "TransferSyntaxUID")
    if syntax is None:
        raise ImageFormatError("TransferSyntaxUID is missing; the pixels can't be decoded")
    shape = size_of(dataset)
    try:
        if syntax.is_compressed and not get_decoder(syntax).is_available:
            raise ImageFormatError(
                f"its pixels are compressed as {syntax.name}, for which no decoder is installed; "
                f"decompress it first, or install pylibjpeg with its plugins"
            )
        held = _count_held(dataset, syntax, shape)
        if held > frames:
            said = "one" if frames == 1 else frames
            raise ImageFormatError(f"its pixels hold {held} frames, expected {said}")
        # Not by index=0 where there is one frame, however many fragments it was cut into.
        which = {"index": frame} if frames > 1 else {}
        cells = pixel_array(dataset, correct_unused_bits=False, **which)
    except ImageFormatError:
        raise
    except Exception as problem:  # each decoder raises its own for a damaged or foreign stream
        said = " ".join(str(problem).split())
        raise ImageFormatError(f"its pixels can't be decoded: {said}") from problem
    if cells.shape != shape:
        raise ImageFormatError(f"its pixels are {cells.shape}, expected (Rows, Columns) {shape}")
    return cells.astype(cells.dtype.newbyteorder("="), copy=False)


def _count_held(dataset, syntax, shape):
    """Return how many frames the pixels hold, whatever NumberOfFrames says."""
    from pydicom.encaps import generate_fragments, parse_basic_offsets

    if not syntax.is_encapsulated:
        size = math.prod(shape) * number(dataset, "BitsAllocated") / 8
        return int(len(dataset.PixelData) // size)
    stream = BytesIO(dataset.PixelData)
    parse_basic_offsets(stream)
    fragments = list(generate_fragments(stream))
    if "RLE" in syntax.name:  # one fragment a frame
        return len(fragments)
    # A frame may take several fragments; its first begins with the code's own start marker.
    return sum(part.startswith((b"\xff\xd8", b"\xff\x4f")) for part in fragments)


def cut_unused_bits(cells, bits, high_bit):
    """Return the numbers that the lowest bits of each cell hold, with their sign."""
    unused = 8 * cells.dtype.itemsize - bits
    if unused < 0 or bits < 1 or high_bit != bits - 1:
        raise ImageFormatError(
            f"BitsStored {bits} and HighBit {high_bit} in cells of {8 * cells.dtype.itemsize} "
            f"bits: expected the lowest bits of each cell"
        )
    # Other data may lie in the unused bits; the shift back keeps the sign of signed cells.
    return np.asarray((cells << unused) >> unused)
