"""A trained model as a file that runs without the program that made it: graph and weights.

An exported graph takes grey or colour images (N, C, H, W), or (N, H, W, C) from Keras, and gives
probabilities, (N,) or (N, 1). What the graph begins with is the caller's choice: with
``eight_bit`` it divides by 255 itself and takes nothing but uint8, so that nobody can forget it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np
import torch
from torch import nn

from companion.bridges._served import (
    answers,
    ending,
    example,
    expect_same,
    served_by_keras,
    served_by_torch,
    shape_of,
)
from companion.bridges.onnx_model import OnnxModel, data_of, write_facts
from companion.in_torch.training import mode


def export_onnx(
    model: nn.Module | keras.Model,
    path: str | os.PathLike,
    *,
    input_shape: tuple[int, int, int] | None = None,
    eight_bit: bool = False,
) -> Path:
    """Write a model as ONNX, and see that ONNX Runtime gives its answers.

    From PyTorch the weights stand in a second file beside it, ``NAME.onnx.data``: both must be
    moved together. Its digest is kept in the first.

    Parameters
    ----------
    model : torch.nn.Module or keras.Model
        PyTorch's gives logits (N,), Keras' probabilities (N, 1).
    path : path
        Where to; ends in ``.onnx``. A file there is replaced only when the new one is whole.
    input_shape : tuple of int, optional
        (C, H, W), where the model does not know it.
    eight_bit : bool
        Let the graph take uint8, 0 to 255, and scale it; otherwise it takes float32 in [0, 1].

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If `path` ends otherwise, or the shape is not known or does not fit.
    ExportError
        If the file answers otherwise than the model.

    Examples
    --------
    >>> from companion.in_torch import DocumentCNN
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export_onnx(DocumentCNN((1, 28, 28)), f"{folder}/a.onnx")
    ...     OnnxModel(path).predict(np.zeros((2, 1, 28, 28), np.float32))
    array([0.5, 0.5])
    """
    path = ending("path", path, ".onnx")
    shape = shape_of(model, input_shape)
    facts = {"channels": "last" if isinstance(model, keras.Model) else "first",
             "shape": shape, "eight_bit": bool(eight_bit)}  # fmt: skip
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder, path.name)
        if isinstance(model, keras.Model):
            _keras_to_onnx(served_by_keras(model, eight_bit), made)
        else:
            _torch_to_onnx(served_by_torch(model, eight_bit), made, shape, eight_bit)
        write_facts(made, facts)
        images = example(shape, eight_bit)
        expect_same(OnnxModel(made).predict(images), answers(model, images))
        for part in (data_of(made), made):  # the graph last: it is what a reader opens
            if part.is_file():
                os.replace(part, path.parent / part.name)
    return path


def export_torch(
    model: nn.Module,
    path: str | os.PathLike,
    *,
    input_shape: tuple[int, int, int] | None = None,
    eight_bit: bool = False,
) -> Path:
    """Write a PyTorch model as ``torch.export`` does, and see that the file gives its answers.

    The file keeps the images with which the graph was traced: here black ones, never a patient's.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N,).
    path : path
        Where to; ends in ``.pt2``. A file there is replaced only when the new one is whole.
    input_shape : tuple of int, optional
        (C, H, W), where the model does not know it.
    eight_bit : bool
        Let the graph take uint8, 0 to 255, and scale it.

    Returns
    -------
    pathlib.Path
        `path`; ``torch.export.load(path).module()`` takes images and gives probabilities (N,).

    Raises
    ------
    ValueError
        If `path` ends otherwise, or the shape is not known or does not fit.
    ExportError
        If the file answers otherwise than the model.

    Examples
    --------
    >>> from companion.in_torch import DocumentCNN
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export_torch(DocumentCNN((1, 28, 28)), f"{folder}/a.pt2")
    ...     torch.export.load(path).module()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    """
    path, shape = ending("path", path, ".pt2"), shape_of(model, input_shape)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder, path.name)
        served = served_by_torch(model, eight_bit)
        with mode(served, training=False):
            arguments, sizes = _traced_with(shape, eight_bit)
            program = torch.export.export(served, arguments, dynamic_shapes=sizes)
        torch.export.save(program, made)
        images = example(shape, eight_bit)
        with torch.inference_mode():
            found = torch.export.load(made).module()(torch.from_numpy(images))
        expect_same(found.numpy(), answers(model, images))
        os.replace(made, path)
    return path


def export_saved_model(
    model: keras.Model, folder: str | os.PathLike, *, eight_bit: bool = False
) -> Path:
    """Write a Keras model as a SavedModel of TensorFlow, and see that it gives its answers.

    Parameters
    ----------
    model : keras.Model
        Gives probabilities (N, 1).
    folder : path
        A folder that does not exist yet.
    eight_bit : bool
        Let the graph take uint8, 0 to 255, and scale it.

    Returns
    -------
    pathlib.Path
        `folder`; ``tf.saved_model.load(folder).serve`` takes (N, H, W, C).

    Raises
    ------
    ValueError
        If the model's shape is not known.
    FileExistsError
        If the folder exists.
    ExportError
        If it answers otherwise than the model.

    Examples
    --------
    >>> from companion.in_keras import document_cnn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = export_saved_model(document_cnn((28, 28, 1)), f"{folder}/served")
    ...     sorted(path.name for path in made.iterdir() if path.suffix == ".pb")
    ['fingerprint.pb', 'saved_model.pb']
    """
    folder, shape = Path(folder), shape_of(model, None)
    if folder.exists():
        raise FileExistsError(f"{folder} exists: name a new folder, or move it away")
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=folder.name))
    try:
        made = beside / "served"
        with _silent("tensorflow"):
            served_by_keras(model, eight_bit).export(made, verbose=False)
        images = example(shape, eight_bit)
        layer = keras.layers.TFSMLayer(made, call_endpoint="serve")
        found = np.asarray(layer(np.moveaxis(images, 1, -1)))[:, 0]
        expect_same(found, answers(model, images))
        os.replace(made, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


@contextlib.contextmanager
def _silent(name):
    """Keep a library from telling where it writes, which is a folder that will be moved."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _traced_with(shape, eight_bit):
    """Return what a graph is traced with: two black images, and which axis may be of any size."""
    images = torch.zeros(2, *shape, dtype=torch.uint8 if eight_bit else torch.float32)
    return (images,), ({0: torch.export.Dim("n")},)


def _torch_to_onnx(served, path, shape, eight_bit):
    arguments, sizes = _traced_with(shape, eight_bit)
    with mode(served, training=False), warnings.catch_warnings():
        # PyTorch 2.13's exporter calls its own deprecated function.
        warnings.filterwarnings("ignore", r"`isinstance\(treespec", FutureWarning)
        program = torch.onnx.export(
            served, arguments, dynamo=True, dynamic_shapes=sizes, verbose=False,
            input_names=["images"], output_names=["probabilities"],
        )  # fmt: skip
    program.save(path, external_data=True)


def _keras_to_onnx(served, path):
    served(
        np.zeros((1, *served.input_shape[1:]), str(served.inputs[0].dtype))
    )  # it asks for one call
    with warnings.catch_warnings():
        # Keras looks for a name that NumPy 1 had, and that tf2onnx still uses.
        warnings.filterwarnings("ignore", r"In the future `np\.object`", FutureWarning)
        served.export(path, format="onnx", verbose=False)
