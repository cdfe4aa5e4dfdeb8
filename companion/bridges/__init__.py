"""The same model in another framework: weights, axes and gate orders are translated here only.

Names are imported when they are asked for, so that a process that trains in one framework loads
no other.
"""

from companion._lazy import lazy_face

_NAMES = {
    "exports": ("export_onnx", "export_saved_model", "export_torch"),
    "four_ways": ("WayRun", "run_way", "same_start"),
    "keras_way": ("train_with_keras",),
    "numpy_way": ("train_with_numpy",),
    "onnx_model": ("ExportError", "OnnxModel"),
    "settings": ("batch_norm_settings", "torch_adam_epsilon"),
    "torch_way": ("train_with_torch",),
    "weight_files": ("WeightFileError", "check_digest", "file_digest", "load_weights",
                     "save_weights"),
    "weights": ("copy_weights", "numpy_parameters", "set_parameters"),
}  # fmt: skip
__getattr__, __dir__, __all__ = lazy_face(__name__, _NAMES)
