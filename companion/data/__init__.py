"""Images: read, checked, changed, and made up; nothing that is read is trusted.

Names are imported from here when they are asked for: one needs pandas, another pooch.
"""

from companion._lazy import lazy_face

_NAMES = {
    "augment": ("Affine", "apply_affine", "draw_affine", "repeat_exposures"),
    "deidentification": ("deidentify", "write_dicom"),
    "dicom": ("DicomImage", "ImageFormatError", "describe_dicom", "read_dicom"),
    "files": ("DatasetCorrupt", "DatasetUnavailable", "fetch", "read_npz"),
    "images": ("center_square", "enlarge", "png_bytes", "read_image"),
    "leakage": ("MAX_DISTANCE", "LeakageError", "check_images", "check_patients", "find_copies"),
    "marker": ("add_marker", "marker_mask"),
    "nodules": ("Nodules", "Outline", "RATINGS", "outlines", "rating_agreement", "read_nodules"),
    "phantom": ("make_cohort", "make_phantom"),
    "pneumonia": ("PneumoniaData", "load_pneumonia"),
    "residuals": ("Residue", "residual"),
    "volumes": ("Volume", "read_series", "resample"),
}
__getattr__, __dir__, __all__ = lazy_face(__name__, _NAMES)
