"""DICOM files made for one test."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage


@pytest.fixture
def write_dicom(tmp_path):
    """Return a function that writes a greyscale DICOM file of 16-bit pixels."""

    def write(pixels, name="a.dcm", *, signed=False, drop=(), **elements):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = elements.get("SOPClassUID", SecondaryCaptureImageStorage)
        meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        path = tmp_path / name
        dataset = FileDataset(path, {}, file_meta=meta, preamble=b"\0" * 128)
        pixels = np.asarray(pixels)
        dataset.Rows, dataset.Columns = pixels.shape[-2:]
        dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, int(signed)
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit = 15
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.Modality = "CR"
        dataset.add_new("PixelData", "OW", pixels.astype("<i2" if signed else "<u2").tobytes())
        for keyword, value in elements.items():
            if keyword.startswith("PixelPadding"):
                dataset.add_new(keyword, "SS" if value < 0 else "US", value)
            else:
                setattr(dataset, keyword, value)
        for keyword in drop:
            del dataset[keyword]
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write
