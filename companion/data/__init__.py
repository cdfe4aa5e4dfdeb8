"""Images: read, checked, changed, and made up; nothing that is read is trusted.

Names are imported from here when they are asked for: one needs pandas, another pooch.
"""

from companion._lazy import lazy_face

_NAMES = {
    "augment": ("Affine", "Changes", "apply_affine", "draw_affine", "expose", "repeat_exposures"),
    "breast": ("BreastData", "load_breast"),
    "breast_mri": ("KNOWN_AT", "VISITS", "BreastMriData", "load_breast_mri"),
    "cards": ("DatasetCard", "dataset_card"),
    "cine": ("Cine", "read_cine"),
    "deidentification": ("deidentify", "write_dicom"),
    "dicom": ("DicomImage", "ImageFormatError", "describe_dicom", "read_dicom"),
    "files": ("DatasetCorrupt", "DatasetUnavailable", "fetch", "read_npz"),
    "hannover": ("HannoverData", "load_hannover"),
    "genes": ("GeneData", "read_genes"),
    "hippocampus": ("HippocampusData", "HippocampusScan", "load_hippocampus"),
    "images": ("center_square", "enlarge", "png_bytes", "read_image"),
    "leakage": (
        "MAX_DISTANCE", "LeakageError", "check_images", "check_patients", "find_copies",
        "find_near_twins",
    ),
    "marker": ("add_marker", "marker_mask"),
    "_nodule_tables": ("RATINGS",),
    "nodules": ("Nodules", "Outline", "outlines", "rating_agreement", "read_nodules"),
    "phantom": ("make_cohort", "make_phantom"),
    "pneumonia": ("PneumoniaData", "load_pneumonia"),
    "reports": ("Reports", "make_reports"),
    "_radiotherapy_types": ("DoseGrid", "PlanFile", "PlannedBeam", "Structure"),
    "radiotherapy": ("read_dose_grid", "read_plan_file", "read_structures"),
    "residuals": ("Residue", "residual"),
    "shard_writing": ("write_shards",),
    "shards": ("ImagesInShards", "ShardedFilms"),
    "shifts": ("DRAWN_SHIFTS", "OTHER_SHIFTS", "SHIFTS", "shift_films"),
    "volumes": ("Volume", "read_series", "resample"),
    "wpbc": ("FEATURES", "WpbcData", "load_wpbc"),
    "xray": (
        "Paths", "attenuation_per_mm", "contrast_to_noise", "distance_mm", "expected_counts",
        "path_lengths", "place_lesion",
    ),
}  # fmt: skip
__getattr__, __dir__, __all__ = lazy_face(__name__, _NAMES)
