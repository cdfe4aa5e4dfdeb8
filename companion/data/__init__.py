"""Images: read, checked, changed, and made up; nothing that is read is trusted."""

from importlib import import_module

_NAMES = {
    "augment": ("Affine", "apply_affine", "draw_affine", "repeat_exposures"),
    "dicom": ("DicomImage", "ImageFormatError", "read_dicom"),
    "files": ("DatasetCorrupt", "DatasetUnavailable", "fetch", "read_npz"),
    "images": ("center_square", "enlarge", "png_bytes", "read_image"),
    "leakage": ("MAX_DISTANCE", "LeakageError", "check_images", "check_patients", "find_copies"),
    "marker": ("add_marker", "marker_mask"),
    "phantom": ("make_cohort", "make_phantom"),
    "pneumonia": ("PneumoniaData", "load_pneumonia"),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name):
    """Import what is asked for when it is asked for: one needs pandas, another pooch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__():
    """List the public face."""
    return __all__
