"""What two models answer to the same random images."""

from __future__ import annotations

import keras
import numpy as np
import torch

from companion import by_hand
from companion.bridges._chains import chain_of
from companion.in_torch.training import mode

#: Two models are the same if their answers to random images differ by no more, relatively.
TOLERANCE = 1e-3


def input_shape_of(*models):
    """Return the shape of one image, channels first, from whichever model knows it."""
    for model in models:
        if isinstance(model, keras.Model) and None not in model.input_shape[1:]:
            shape = model.input_shape[1:]
            return (shape[2], *shape[:2]) if len(shape) == 3 else tuple(shape)
        if getattr(model, "input_shape", None) and not isinstance(model, keras.Model):
            return tuple(model.input_shape)
    raise ValueError("input_shape must be given, as neither model knows it: the two are compared")


def expect_same_answers(source, target, shape):
    images = np.random.default_rng(0).random((4, *shape), np.float32)
    ours, theirs = (_logits(model, images) for model in (source, target))
    if ours.shape != theirs.shape:
        raise ValueError(f"source answers with shape {ours.shape}, target with {theirs.shape}")
    apart = float(np.abs(ours - theirs).max())
    if not apart <= TOLERANCE * max(1.0, float(np.abs(ours).max())):
        raise ValueError(
            f"source and target answer the same images differently, by up to {apart:g}"
        )


def _logits(model, images):
    """Return what a model answers to images (N, C, H, W), before a last sigmoid: (N, values)."""
    if isinstance(model, by_hand.DocumentCNN):
        found = model.logits(images.astype(model.dtype))
    elif isinstance(model, keras.Model):
        found = _keras_logits(model, np.moveaxis(images, 1, -1) if images.ndim == 4 else images)
        found = np.moveaxis(found, -1, 1) if found.ndim == 4 else found
    else:
        weight = next(model.parameters())
        given = torch.from_numpy(images).to(weight.device, weight.dtype)
        with mode(model, training=False), torch.inference_mode():
            found = model(given)
            found = found[0] if isinstance(found, tuple) else found
        found = found.cpu().numpy()
        chain = chain_of(model)
        if chain and chain[-1].kind == "sigmoid":
            found = _inverse_sigmoid(found)
    return np.asarray(found, np.float64).reshape(len(images), -1)


def _keras_logits(model, images):
    last = model.layers[-1]
    name = getattr(getattr(last, "activation", None), "__name__", "")
    if name != "sigmoid":
        return np.asarray(model(images, training=False))
    if isinstance(last, keras.layers.Dense):
        features = np.asarray(keras.Model(model.inputs[0], last.input)(images, training=False))
        found = features @ np.asarray(last.kernel)
        return found if last.bias is None else found + np.asarray(last.bias)
    return _inverse_sigmoid(np.asarray(model(images, training=False)))


def _inverse_sigmoid(probabilities):
    inside = np.clip(np.asarray(probabilities, np.float64), 1e-12, 1 - 1e-12)
    return np.log(inside) - np.log1p(-inside)
