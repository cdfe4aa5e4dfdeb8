"""A model as it is asked from outside, and what it must go on to answer there."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import keras
import numpy as np
import torch
from torch import nn

from companion.bridges._answers import input_shape_of
from companion.bridges.onnx_model import ExportError, check_shape_of_inputs
from companion.in_keras.images import channels_last
from companion.in_torch.training import mode

#: How far the answers of the file may lie from the model's: float32 rounds at a tenth of it.
ALLOWED = 1e-5


class _Served(nn.Module):
    """A model as it is asked outside: it may scale its images, and gives probabilities."""

    def __init__(self, model, eight_bit):
        super().__init__()
        self.model, self.eight_bit = model, eight_bit

    def forward(self, images):
        scaled = images.to(torch.float32) / 255 if self.eight_bit else images
        return torch.sigmoid(self.model(scaled))


def served_by_torch(model, eight_bit):
    """Return a PyTorch model with its scaling before it and a sigmoid behind it."""
    if not isinstance(model, nn.Module):
        raise ValueError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    # A trained model may store its kernels channels last, of which torch.export warns.
    return _Served(copy.deepcopy(model), eight_bit).to(memory_format=torch.contiguous_format)


def served_by_keras(model, eight_bit):
    """Return a Keras model with its scaling before it."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"model must be a keras.Model, got {type(model).__name__}")
    if not eight_bit:
        return model
    inputs = keras.Input(model.input_shape[1:], dtype="uint8")
    return keras.Model(inputs, model(keras.layers.Rescaling(1 / 255)(inputs)))


def ending(name, path, suffix):
    """Return a path that ends as it must."""
    if Path(path).suffix != suffix:
        raise ValueError(f"{name} must end in {suffix}, got {os.fspath(path)!r}")
    return Path(path)


def shape_of(model, given):
    """Return (C, H, W), as given or as the model knows it."""
    shape = check_shape_of_inputs(input_shape_of(model) if given is None else given)
    if len(shape) != 3:
        raise ValueError(f"input_shape must be (C, H, W), got {shape}")
    return shape


def example(shape, eight_bit):
    """Return three images that no patient has: noise, 8 bit, or scaled."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    return pixels if eight_bit else (pixels / 255).astype(np.float32)


def answers(model, images):
    """Return the model's own probabilities."""
    scaled = images if images.dtype == np.float32 else (images / 255).astype(np.float32)
    if isinstance(model, keras.Model):
        return np.asarray(model(channels_last(scaled), training=False))[:, 0]
    with mode(model, training=False), torch.inference_mode():
        return torch.sigmoid(model(torch.from_numpy(scaled))).numpy()


def expect_same(found, wanted):
    """Raise unless the file answers as the model does."""
    apart = float(np.abs(np.ravel(found) - np.ravel(wanted)).max())
    if not apart <= ALLOWED:
        raise ExportError(f"the exported file answers otherwise than the model, by {apart:g}")
