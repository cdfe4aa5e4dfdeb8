"""What of a DICOM header stays when it is de-identified; everything else goes.

No attribute of free text is here: one that holds words holds only those listed with it, so that
nobody's name can stand in it. Numbers stay numbers.
"""

from __future__ import annotations

#: Numbers, by what they are needed for.
NUMBERS = {
    # Without these the pixels can't be decoded.
    "pixels": (
        "SamplesPerPixel", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
        "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelAspectRatio",
        "LossyImageCompressionRatio",
    ),
    # From stored numbers to Hounsfield units, and to grey.
    "values": ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"),
    # Distances in mm, and the order of slices.
    "geometry": (
        "PixelSpacing", "ImagerPixelSpacing", "ImageOrientationPatient", "ImagePositionPatient",
        "SliceThickness", "SpacingBetweenSlices", "SliceLocation", "GantryDetectorTilt",
        "EstimatedRadiographicMagnificationFactor",
    ),
    # How an image was made changes how it looks: what a model must be tested across.
    "acquisition": (
        "KVP", "XRayTubeCurrent", "ExposureTime", "Exposure", "ExposureInuAs",
        "DistanceSourceToDetector", "DistanceSourceToPatient", "MagneticFieldStrength",
        "RepetitionTime", "EchoTime", "InversionTime", "FlipAngle", "FrameTime", "CineRate",
    ),
    # Which image of a series, which series of a study.
    "order": ("SeriesNumber", "AcquisitionNumber", "InstanceNumber", "TemporalPositionIdentifier"),
}  # fmt: skip

_SIDES = ("L", "R", "B", "U")
_AXES = tuple("LRAPHF")

#: Words, each with those that may stand in it; what follows an unknown word is cut off.
WORDS = {
    "Modality": (
        "CR", "CT", "DX", "MG", "MR", "NM", "OP", "OPT", "OT", "PT", "PX", "IO", "RF", "SC", "SM",
        "US", "XA", "XC", "ES", "GM", "BI",
    ),
    "ImageType": (
        "ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "AXIAL", "LOCALIZER", "MPR", "PROJECTION",
        "M", "P", "R", "I", "NORM", "DIS2D", "ADC", "TOMO", "STATIC", "DYNAMIC", "GATED",
        "WHOLE BODY", "VOLUME", "AVERAGE", "REFORMATTED", "CT_SOM5 SPI", "OTHER",
    ),
    "PhotometricInterpretation": (
        "MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422",
        "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420",
    ),
    "RescaleType": ("HU", "US", "OD", "HU_MOD", "PCT", "Z_EFF", "ED", "MGML"),
    "Units": ("CNTS", "PROPCNTS", "BQML", "GML", "NONE", "CM2ML", "PCNT", "MLML", "CPS"),
    "VOILUTFunction": ("LINEAR", "LINEAR_EXACT", "SIGMOID"),
    "PresentationLUTShape": ("IDENTITY", "INVERSE"),
    "LossyImageCompression": ("00", "01"),
    "BurnedInAnnotation": ("YES", "NO"),
    "PatientPosition": (
        "HFP", "HFS", "HFDR", "HFDL", "FFDR", "FFDL", "FFP", "FFS", "LFP", "LFS", "RFP", "RFS",
    ),
    "PatientOrientation": _AXES + tuple(
        one + two for one in _AXES for two in _AXES
    ) + tuple(one + two + three for one in _AXES for two in _AXES for three in _AXES),
    "Laterality": _SIDES,
    "ImageLaterality": _SIDES,
    "ViewPosition": ("AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LATERAL", "MLO", "CC"),
    "BodyPartExamined": (
        "ABDOMEN", "ANKLE", "ARM", "BLADDER", "BRAIN", "BREAST", "CHEST", "CLAVICLE", "COCCYX",
        "CSPINE", "ELBOW", "EXTREMITY", "EYE", "FINGER", "FOOT", "HAND", "HEAD", "HEART", "HIP",
        "JAW", "KIDNEY", "KNEE", "LEG", "LIVER", "LSPINE", "LUNG", "NECK", "PELVIS", "PROSTATE",
        "RIB", "SHOULDER", "SKULL", "SPINE", "SSPINE", "THIGH", "TOE", "TSPINE", "UTERUS",
        "WHOLEBODY", "WRIST",
    ),
    "ScanningSequence": ("SE", "IR", "GR", "EP", "RM"),
    "SequenceVariant": ("SK", "MTC", "SS", "TRSS", "SP", "MP", "OSP", "TOF", "NONE"),
    "MRAcquisitionType": ("2D", "3D"),
}  # fmt: skip

#: Sequences whose items are numbers: a table of values or of greys, the scale of ultrasound.
TABLES = ("ModalityLUTSequence", "VOILUTSequence")
REGIONS = "SequenceOfUltrasoundRegions"
REGION_NUMBERS = (
    "RegionSpatialFormat", "RegionDataType", "RegionFlags", "RegionLocationMinX0",
    "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1", "PhysicalUnitsXDirection",
    "PhysicalUnitsYDirection", "PhysicalDeltaX", "PhysicalDeltaY",
)  # fmt: skip

#: Identifiers: a renewed one keeps together what belongs together.
RENEWED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")
#: Days between two images of one patient; the time of day goes.
SHIFTED = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
#: What the standard wants to be present, and allows to be empty.
EMPTIED = (
    "PatientName", "PatientBirthDate", "PatientSex", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip
#: Of a patient, only if asked for; together they may point at one person in a small place.
ON_REQUEST = ("PatientAge", "PatientSex", "PatientSize", "PatientWeight")
SEXES = ("M", "F", "O")
