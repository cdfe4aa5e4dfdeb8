"""An ONNX file that says what images it takes, read without trust."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from companion.bridges.weight_files import file_digest
from companion.checks import check_answers, check_images

#: What a file says of the images that it takes, and of the file with its weights.
_FACTS = ("channels", "shape", "eight_bit", "data_sha256")


class ExportError(ValueError):
    """A file is no exported model of this book, or not whole; the message says what was found."""


class OnnxModel:
    """An ONNX file of this book, run by ONNX Runtime: no PyTorch and no Keras compute here.

    Parameters
    ----------
    path : path
        Of :func:`export_onnx`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ExportError
        If it is damaged, does not say what it takes, names a file outside its folder, or the file
        with its weights is missing, damaged or of another export.

    Examples
    --------
    >>> OnnxModel("no/such/model.onnx")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no/such/model.onnx'
    """

    def __init__(self, path: str | os.PathLike):
        import onnxruntime

        path = Path(path)
        facts = _facts_of(path)
        self.input_shape = tuple(facts["shape"])
        self.channels, self.eight_bit = facts["channels"], facts["eight_bit"]
        try:
            self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        except Exception as problem:  # ONNX Runtime raises a dozen of its own
            raise ExportError(f"{path}: ONNX Runtime cannot run it: {problem}") from problem

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the probability of label 1 for each image.

        Parameters
        ----------
        images : numpy.ndarray
            (N, C, H, W): float in [0, 1], or uint8 where the graph scales by itself.

        Returns
        -------
        numpy.ndarray
            float64, (N,), in [0, 1].

        Raises
        ------
        ValueError
            If the images are of another shape, type or range than the file was made for.
        """
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[1:] != self.input_shape or not len(images):
            wanted = ", ".join(map(str, self.input_shape))
            raise ValueError(f"images must be (N, {wanted}), got shape {images.shape}")
        if self.eight_bit:
            if images.dtype != np.uint8:
                raise ValueError(f"images must be uint8, 0 to 255, got dtype {images.dtype}")
        else:
            images = check_images("images", images)
        if self.channels == "last":
            images = np.moveaxis(images, 1, -1)
        (given,) = self._session.get_inputs()
        (found,) = self._session.run(None, {given.name: np.ascontiguousarray(images)})
        return check_answers(found.reshape(len(images)))


def write_facts(path, facts):
    """Put into the graph's file what it takes, and the digest of the file with its weights."""
    import onnx

    graph, data = onnx.load(path, load_external_data=False), data_of(path)
    for node in graph.graph.node:  # PyTorch notes which lines of which files made each operation
        del node.metadata_props[:]
    digest = file_digest(data) if data.is_file() else ""
    onnx.helper.set_model_props(graph, _as_texts(facts | {"data_sha256": digest}))
    path.write_bytes(graph.SerializeToString())


def _facts_of(path):
    """Return what the file says of itself, or raise if it is not whole."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load(path, load_external_data=False)
    except DecodeError as problem:
        raise ExportError(f"{path}: expected a whole ONNX file, found: {problem}") from None
    said = {prop.key: prop.value for prop in graph.metadata_props}
    missing = set(_FACTS) - set(said)
    if missing:
        raise ExportError(
            f"{path}: expected a file of export_onnx, which says what images it takes; found "
            f"none of {', '.join(sorted(missing))}"
        )
    try:
        facts, data = {key: json.loads(said[key]) for key in _FACTS}, data_of(path)
        check_shape_of_inputs(facts["shape"])
    except ValueError as problem:
        raise ExportError(f"{path}: what it says of its images is damaged: {problem}") from None
    named = {
        entry.value
        for tensor in graph.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    if named - {data.name}:
        raise ExportError(f"{path}: its weights must be in {data.name}, it names {sorted(named)}")
    if named and not data.is_file():
        raise ExportError(f"{path}: {data.name} is missing, the file with its weights")
    if named and file_digest(data) != facts["data_sha256"]:
        raise ExportError(f"{data}: damaged, or of another export than {path.name}")
    return facts


def data_of(path):
    """Return where the weights of an ONNX file stand, if not in itself."""
    return path.with_name(f"{path.name}.data")


def check_shape_of_inputs(shape):
    """Return the shape as a tuple of sizes."""
    given = tuple(shape) if isinstance(shape, tuple | list) else ()
    sizes = [isinstance(size, int | np.integer) and size > 0 for size in given]
    if not sizes or not all(sizes):
        raise ValueError(f"input_shape must be a tuple of sizes from 1 up, got {shape!r}")
    return tuple(map(int, given))


def _as_texts(facts):
    return {key: json.dumps(value) for key, value in facts.items()}
