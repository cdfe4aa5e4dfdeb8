"""De-identification: nothing of a header survives that is not on a list, and what is, is apart."""

from __future__ import annotations

import datetime
import re
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.datadict import DicomDictionary, dictionary_keyword, dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, RLELossless, UltrasoundImageStorage

from companion.data import ImageFormatError, _allowed, read_dicom, residual, write_dicom
from companion.data import deidentify as deidentify_with_options

KEY = bytes(range(32))
ALLOWED = {name for group in _allowed.NUMBERS.values() for name in group} | set(_allowed.WORDS)
ALLOWED |= {*_allowed.TABLES, _allowed.REGIONS, "PixelPaddingValue", "PixelPaddingRangeLimit"}
CHANGED = {*_allowed.RENEWED, *_allowed.SHIFTED, *_allowed.EMPTIED, "PatientID"}
MADE = {
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "LongitudinalTemporalInformationModified",
}
SAME = {"SOPClassUID", "PixelData"}


def deidentify(source, **options):
    """With a key."""
    return deidentify_with_options(source, **({"key": KEY} | options))


@pytest.fixture
def original():
    """A CT with a patient, a real header."""
    return pydicom.dcmread(get_testdata_file("CT_small.dcm"))


def everything(dataset):
    """Return all bytes of a data set as it is written."""
    with pydicom.filebase.DicomBytesIO() as stream:
        dataset.save_as(stream, enforce_file_format=True)
        return stream.getvalue()


def test_nothing_is_in_the_result_that_is_on_no_list(original):
    result = deidentify(original)
    assert {element.keyword for element in result} <= ALLOWED | CHANGED | MADE | SAME
    assert {element.keyword for element in result.file_meta} == {
        "FileMetaInformationVersion", "MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID",
        "TransferSyntaxUID", "ImplementationClassUID",
    } - {"FileMetaInformationVersion"}  # fmt: skip
    assert residual(original, result) == []
    assert not any(element.tag.is_private for element in result)


def test_no_listed_attribute_is_free_text():
    for keyword in ALLOWED - set(_allowed.WORDS) - {*_allowed.TABLES, _allowed.REGIONS}:
        assert re.fullmatch("DS|IS|US|SS|FD|FL|US or SS", dictionary_VR(keyword)), keyword
    for keyword, words in _allowed.WORDS.items():
        assert dictionary_VR(keyword) in ("CS", "LO"), keyword
        assert all(re.fullmatch(r"[A-Z0-9_ ]{1,16}", word) for word in words), keyword


def profile():
    """Return the keywords of the standard's profile, those of repeating groups left out."""
    lines = (Path(__file__).parent / "profile_tags.txt").read_text().splitlines()
    found = []
    for line in lines:
        group, *elements = line.split()
        if group != "#" and "xx" not in group:
            found += [dictionary_keyword(int(group + element, 16)) for element in elements]
    return found


def test_every_attribute_of_the_standards_profile_goes_or_is_changed():
    names = profile()
    assert len(names) == len(set(names)) > 350
    stays = set(names) & (ALLOWED | MADE | SAME)
    assert stays == set()
    assert all(dictionary_VR(keyword) == "DA" for keyword in _allowed.SHIFTED)
    assert not any("Birth" in keyword for keyword in _allowed.SHIFTED)
    assert all(dictionary_VR(keyword) == "UI" for keyword in _allowed.RENEWED)
    kept_on_request = set(names) & set(_allowed.ON_REQUEST)
    assert kept_on_request == set(_allowed.ON_REQUEST)


SENTINEL = "Zx9Sentinel"


def plant(dataset, keyword, text=SENTINEL):
    """Put a text into an attribute, in whatever form its kind takes."""
    kind = dictionary_VR(keyword).split(" or ")[0]
    if kind == "SQ":
        item = Dataset()
        item.add_new("TextValue", "UT", text)
        item.add_new("PatientName", "PN", text)
        dataset.add_new(keyword, "SQ", Sequence([item]))
    elif kind in ("OB", "OW", "UN", "OD", "OF", "OL", "OV"):
        dataset.add_new(keyword, "UN", text.encode() * 16)
    else:
        # A text where the standard wants a number or a date: a writer may have put it there.
        dataset.add_new(keyword, "UT", text)


#: Image attributes that must stay what they are for the picture to be one.
NEEDED = {
    "BitsAllocated", "BitsStored", "BurnedInAnnotation", "Columns", "DoubleFloatPixelData",
    "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "FloatPixelData", "HighBit",
    "ImageType", "Modality", "ModalityLUTSequence", "NumberOfFrames", "PatientID",
    "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation", "PixelData",
    "PixelDataProviderURL", "PixelPaddingRangeLimit", "PixelPaddingValue",
    "PixelRepresentation", "PlanarConfiguration", "PresentationLUTShape", "RescaleIntercept",
    "RescaleSlope", "Rows", "SOPClassUID", "SOPInstanceUID", "SamplesPerPixel",
    "SharedFunctionalGroupsSequence", "VOILUTFunction", "VOILUTSequence", "WindowCenter",
    "WindowWidth",
}  # fmt: skip
KEYWORDS = sorted(
    {entry[4] for tag, entry in DicomDictionary.items() if entry[4] and tag > 0x00080000} - NEEDED
)


def planted(dataset, draw):
    """Plant sentinels in some attributes, nested ones and private ones."""
    for keyword in draw(st.lists(st.sampled_from(KEYWORDS), min_size=1, max_size=8, unique=True)):
        plant(dataset, keyword)
    inner = Dataset()
    plant(inner, draw(st.sampled_from(KEYWORDS)))
    for _ in range(draw(st.integers(0, 3))):
        outer = Dataset()
        outer.add_new(draw(st.sampled_from(SEQUENCES)), "SQ", Sequence([Dataset(), inner]))
        inner = outer
    dataset.update(inner)
    block = dataset.private_block(
        draw(st.sampled_from([0x0009, 0x0051, 0x6001])), "MAKER", create=True
    )
    block.add_new(draw(st.integers(0, 255)), draw(st.sampled_from(["LO", "UT", "PN"])), SENTINEL)
    block.add_new(0xFE, "UN", SENTINEL.encode())
    dataset.add_new(0x60003000, "OW", SENTINEL.encode() + b"!")
    dataset.add_new(0x50000000 + draw(st.integers(0x0005, 0x3000)), "UN", SENTINEL.encode())
    return dataset


SEQUENCES = [keyword for keyword in KEYWORDS if dictionary_VR(keyword) == "SQ"]


@pytest.fixture
def patient_file(write_dicom):
    """A small CT of a patient."""
    return write_dicom([[1, 2], [3, 4]], **WHO)


WHO = {"PatientID": "7", "SOPInstanceUID": "1.2", "SOPClassUID": CTImageStorage}


@settings(
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_planted_value_survives_in_any_place(patient_file, data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of texts where numbers belong
        before = planted(pydicom.dcmread(patient_file), data.draw)
        result = deidentify(before)
        assert SENTINEL.encode() not in everything(result)
        assert residual(before, result) == []


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of texts where numbers belong
def test_what_the_profile_names_does_not_survive(patient_file):
    before = pydicom.dcmread(patient_file)
    names = [name for name in profile() if tag_for_keyword(name) > 0x00080000]
    for keyword in set(names) - NEEDED:
        plant(before, keyword)
    assert len(before) > 350
    result = deidentify(before)
    assert SENTINEL.encode() not in everything(result)
    assert residual(before, result) == []


@pytest.mark.parametrize("keyword", sorted(_allowed.WORDS))
def test_a_name_is_no_word(patient_file, keyword):
    before = pydicom.dcmread(patient_file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        setattr(before, keyword, SENTINEL)
        if keyword == "PhotometricInterpretation":
            with pytest.raises(ImageFormatError, match="expected grey"):
                deidentify(before)
            return
        assert keyword not in deidentify(before)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("keyword", "value"),
    [("RescaleSlope", "SMITH"), ("RescaleSlope", ""), ("RescaleIntercept", "1,5"),
     ("VOILUTSequence", [Dataset()]), ("ModalityLUTSequence", [Dataset()]),
     ("WindowCenter", "SMITH"), ("VOILUTFunction", "SMITH")],
)  # fmt: skip
def test_what_gives_the_pixels_their_values_is_not_left_out_in_silence(
    patient_file, keyword, value
):
    before = pydicom.dcmread(patient_file)
    before.WindowCenter, before.WindowWidth = 1, 2
    if keyword.startswith("Rescale"):
        before.RescaleSlope, before.RescaleIntercept = 1, 0
    kind = "SQ" if isinstance(value, list) else "UT"
    before.add_new(keyword, kind, value)
    with pytest.raises(ImageFormatError, match=keyword):
        deidentify(before)


def test_words_after_a_name_are_cut_off(original):
    original.ImageType = ["ORIGINAL", "PRIMARY", "SMITH", "AXIAL"]
    assert list(deidentify(original).ImageType) == ["ORIGINAL", "PRIMARY"]


def test_pixels_and_geometry_are_kept(tmp_path):
    kept = 0
    for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm",
                 "MR_small_jp2klossless.dcm", "RG1_UNCR.dcm", "RG3_J2KR.dcm", "mlut_18.dcm",
                 "vlut_04.dcm", "ExplVR_BigEnd.dcm"):  # fmt: skip
        path = get_testdata_file(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = deidentify(path, burned_in="accept")
            except ImageFormatError as problem:
                assert "PatientID" in str(problem), name
                continue
        before = read_dicom(path, frame=0)
        after = read_dicom(write_dicom(result, tmp_path / f"{name}.out"), frame=0)
        np.testing.assert_array_equal(after.values, before.values, err_msg=name)
        np.testing.assert_array_equal(after.pixels, before.pixels, err_msg=name)
        for fact in ("spacing_mm", "orientation", "position_mm", "window", "units", "modality"):
            assert getattr(after, fact) == getattr(before, fact), (name, fact)
        kept += 1
    assert kept >= 7


def test_bytes_behind_the_pixels_and_in_unused_bits_go(write_dicom):
    stored = np.array([[0xF001, 0x0FFF], [2, 3]])
    bits = {"BitsStored": 12, "HighBit": 11}
    path = write_dicom(stored, PixelData=stored.astype("<u2").tobytes() + b"SMITH!", **bits, **WHO)
    assert deidentify(path).PixelData == np.array([1, 0xFFF, 2, 3], "<u2").tobytes()
    padded = write_dicom(stored, "b.dcm", PixelPaddingValue=0xF001, **bits, **WHO)
    with pytest.raises(ImageFormatError, match="padding is known by the unused bits"):
        deidentify(padded)


def test_a_comment_in_a_compressed_stream_goes(write_dicom):
    source = pydicom.dcmread(get_testdata_file("MR_small_RLE.dcm"))
    frame = next(pydicom.encaps.generate_frames(source.PixelData, number_of_frames=1))
    source.PixelData = encapsulate([frame + SENTINEL.encode() + b"!"])
    result = deidentify(source)
    assert source.file_meta.TransferSyntaxUID == RLELossless
    assert SENTINEL.encode() not in everything(result)
    expected = pydicom.dcmread(get_testdata_file("MR_small.dcm")).PixelData
    assert result.PixelData == expected


def test_uids_and_patients_stay_together_under_one_key_and_not_under_another(original):
    first, again = deidentify(original), deidentify(original)
    assert everything(first) == everything(again)
    other_slice = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    other_slice.SOPInstanceUID = "1.2.3"
    sibling = deidentify(other_slice)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "PatientID"):
        assert sibling[keyword] == first[keyword] != original[keyword]
    assert sibling.SOPInstanceUID != first.SOPInstanceUID
    elsewhere = deidentify(original, key=bytes(32))
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "PatientID", "StudyDate"):
        assert elsewhere[keyword] != first[keyword]
    for keyword in _allowed.RENEWED:
        assert re.fullmatch(r"2\.25\.\d{30,39}", first[keyword].value)
        assert first[keyword].value.is_valid
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID


def test_the_keyed_identifiers_are_what_they_are_said_to_be(original):
    import hashlib
    import hmac
    import uuid

    result = deidentify(original)
    digest = hmac.new(KEY, b"uid\0" + original.SOPInstanceUID.encode(), hashlib.sha256).digest()
    assert f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}" == result.SOPInstanceUID
    patient = hmac.new(KEY, b"patient\0" + original.PatientID.encode(), hashlib.sha256).hexdigest()
    assert result.PatientID == patient[:16]


def day(text):
    """Return a date."""
    return datetime.datetime.strptime(text, "%Y%m%d").date()


@given(days=st.integers(0, 3000), patient=st.integers(1, 10**6))
def test_days_between_films_of_one_patient_stay(days, patient):
    original = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    start = datetime.date(2004, 2, 28)
    original.PatientID = f"{patient}"
    original.StudyDate = f"{start:%Y%m%d}"
    original.ContentDate = f"{start + datetime.timedelta(days):%Y%m%d}"
    result = deidentify(original)
    assert (day(result.ContentDate) - day(result.StudyDate)).days == days
    assert 1 <= (start - day(result.StudyDate)).days <= 3652
    assert result.StudyTime == ""


def test_dates_of_different_patients_move_differently(original):
    moved = set()
    for patient in range(20):
        original.PatientID = f"{patient}"
        moved.add(deidentify(original).StudyDate)
    assert len(moved) > 15


@pytest.mark.parametrize("text", ["", "SMITH", "20041350", "00010101", "2004"])
def test_what_is_no_date_goes(original, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original.StudyDate = text
        assert "StudyDate" not in deidentify(original)


def test_the_old_form_of_a_date_is_a_date(original):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original.StudyDate = "2004.01.19"
        old = deidentify(original).StudyDate
    original.StudyDate = "20040119"
    assert deidentify(original).StudyDate == old


def test_of_the_patient_only_what_is_asked_for_stays(original):
    original.PatientAge, original.PatientSex, original.PatientWeight = "094Y", "F", "61.5"
    result = deidentify(original)
    assert "PatientAge" not in result
    assert result.PatientSex == ""
    kept = deidentify(original, keep=["PatientAge", "PatientSex", "PatientWeight"])
    assert (kept.PatientAge, kept.PatientSex, kept.PatientWeight) == ("090Y", "F", 61.5)
    original.PatientAge = "011M"
    assert deidentify(original, keep=("PatientAge",)).PatientAge == "011M"
    original.PatientSex = "SMITH"
    assert deidentify(original, keep=("PatientSex",)).PatientSex == ""
    with pytest.raises(ValueError, match="keep may hold PatientAge.*got PatientName"):
        deidentify(original, keep=["PatientName"])


BURNED = [
    ({"BurnedInAnnotation": "YES"}, "BurnedInAnnotation is YES"),
    ({"Modality": "US"}, "the modality is US"),
    ({"SOPClassUID": UltrasoundImageStorage}, "it is a Ultrasound Image Storage"),
    ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "it is a screen"),
]


@pytest.mark.parametrize(("changes", "message"), BURNED)
def test_text_in_the_pixels_is_not_solved_and_said(original, changes, message):
    for keyword, value in changes.items():
        setattr(original, keyword, value)
    with pytest.raises(ImageFormatError, match=message):
        deidentify(original)
    assert deidentify(original, burned_in="accept").PatientIdentityRemoved == "YES"
    with pytest.raises(ValueError, match="burned_in must be"):
        deidentify(original, burned_in="ignore")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"PatientID": ""}, "PatientID is missing or empty"),
        ({"PatientID": "  "}, "PatientID is missing or empty"),
        ({"SOPInstanceUID": ""}, "SOPInstanceUID is missing"),
        ({"SOPClassUID": "1.2.3.4"}, "none of the standard's"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2"}, "is a RT Dose Storage"),
        ({"PixelData": None}, "no pixels"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, None),
    ],
)
def test_what_can_not_be_de_identified_is_named(original, changes, message):
    for keyword, value in changes.items():
        setattr(original, keyword, value)
    if message is None:
        assert "PALETTE COLOR" not in _allowed.WORDS["PhotometricInterpretation"]
        message = "is PALETTE COLOR, expected grey"
    with pytest.raises(ImageFormatError, match=message):
        deidentify(original)


@pytest.mark.parametrize("key", [b"", b"short", "x" * 32, None])
def test_a_key_that_is_none_is_named(original, key):
    with pytest.raises(ValueError, match="at least 16 secret bytes"):
        deidentify(original, key=key)


def test_the_source_is_not_changed_and_no_file_written_over(original, tmp_path):
    before = original.to_json()
    result = deidentify(original)
    assert original.to_json() == before
    path = write_dicom(result, tmp_path / "a.dcm")
    with pytest.raises(FileExistsError):
        write_dicom(result, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.dcm"]
    with pytest.raises(ValueError, match="Transfer Syntax"):
        write_dicom(Dataset(), tmp_path / "b.dcm")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.dcm"]


def test_colour_is_kept_as_rgb(tmp_path):
    path = get_testdata_file("SC_rgb_small_odd.dcm")
    before = pydicom.dcmread(path)
    before.PatientID = "7"
    result = deidentify(before, burned_in="accept")
    after = pydicom.dcmread(write_dicom(result, tmp_path / "a.dcm"))
    assert after.PhotometricInterpretation == "RGB"
    np.testing.assert_array_equal(after.pixel_array, before.pixel_array)


# The second look --------------------------------------------------------------------------------


def test_residues_are_found_at_any_depth_and_inside_texts():
    original = Dataset()
    original.PatientName = "Miller^Anna"
    original.AccessionNumber = "A4711-x"
    original.StudyDate = "20040119"
    original.Modality = "CHEST"
    item = Dataset()
    item.ReviewerName = "Weber"
    original.ReferencedStudySequence = [item]
    original.private_block(0x11, "MAKER", create=True).add_new(1, "UN", b"serial 0815")
    result = Dataset()
    result.StudyDescription = "Thorax of MILLER, a4711-X"
    result.file_meta = Dataset()
    result.file_meta.MediaStorageSOPInstanceUID = "1.2.20040119.3"
    inner = Dataset()
    inner.add_new("PixelData", "OW", b"\0\0Weber\0")
    inner.StudyID = "120040119"
    inner.BodyPartExamined = "CHEST"
    result.SourceImageSequence = [Dataset(), inner]
    found = {tuple(residue) for residue in residual(original, result)}
    assert found == {
        ("PatientName", "StudyDescription"),
        ("AccessionNumber", "StudyDescription"),
        ("StudyDate", "file meta / MediaStorageSOPInstanceUID"),
        ("ReferencedStudySequence[0] / ReviewerName", "SourceImageSequence[1] / PixelData"),
    }
    result.StudyDescription = "SERIAL 0815"
    assert ("(0011,1001)", "StudyDescription") in map(tuple, residual(original, result))


def test_residues_do_not_repeat_the_value(original):
    found = residual(original, original)
    assert found
    assert not any("CompressedSamples" in part for residue in found for part in residue)
