"""What two models answer to the same random images."""

from __future__ import annotations

import keras
import numpy as np
import torch
from torch import nn

from companion import by_hand
from companion.bridges._chains import torch_leaves
from companion.in_keras.images import channels_last
from companion.in_keras.models import before_activation
from companion.in_torch.training import mode

COUNT = 6


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
    """Raise unless each output differs by little of what it varies by: small ones count as well."""
    images = _images(shape)
    ours, theirs = _answers("source", source, images), _answers("target", target, images)
    if ours.shape != theirs.shape:
        raise ValueError(f"source answers with shape {ours.shape}, target with {theirs.shape}")
    values = _by_output(ours), _by_output(theirs)
    if not all(np.isfinite(value).all() for value in values):
        raise ValueError("source and target must answer with finite numbers, got NaN or infinite")
    sizes = np.abs(values[0]).max(axis=0)
    # A thousandth of the spread, and what float32 rounds: hundreds of times what equal models show.
    allowed = 1e-3 * np.ptp(values[0], axis=0) + 1e-5 * sizes + 1e-6 * sizes.max()
    apart = np.abs(values[0] - values[1]).max(axis=0)
    if (apart > allowed).any():
        worst = int(np.argmax(apart - allowed))
        raise ValueError(
            f"source and target answer the same images differently, by up to {apart[worst]:g} "
            f"where source's answers are up to {sizes[worst]:g}"
        )


def _images(shape):
    """Return images in [0, 1] as unlike as may be: dark and bright, fine and coarse."""
    rng = np.random.default_rng(0)
    images = rng.random((COUNT, *shape))
    if len(shape) == 3:
        coarse = rng.random((COUNT // 2, shape[0], *(-(-size // 8) for size in shape[1:])))
        coarse = coarse.repeat(8, axis=2).repeat(8, axis=3)
        images[::2] = coarse[:, :, : shape[1], : shape[2]]
    bright = np.linspace(0.25, 1, COUNT).reshape(-1, *[1] * len(shape))
    return (images * bright).astype(np.float32)


def _by_output(answers):
    """Return answers as (values, outputs): maps and sequences by channel."""
    last = np.moveaxis(answers, 1, -1) if answers.ndim == 4 else answers
    return last.reshape(-1, last.shape[-1]) if last.ndim > 1 else last.reshape(-1, 1)


def _answers(name, model, images):
    """Return what a model answers to images (N, C, H, W), before a last sigmoid."""
    try:
        if isinstance(model, by_hand.DocumentCNN):
            found = model.logits(images.astype(model.dtype))
        elif isinstance(model, keras.Model):
            found = _keras_logits(model, channels_last(images) if images.ndim == 4 else images)
            found = np.moveaxis(found, -1, 1) if found.ndim == 4 else found
        else:
            found = _torch_logits(model, images)
    except Exception as problem:
        raise ValueError(
            f"{name} must answer to inputs of shape {images.shape}, but: {problem}"
        ) from problem
    found = np.asarray(found, np.float64)
    # One logit for each image, (N,) or (N, 1), is the same answer.
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found


def _torch_logits(model, images):
    """Run a module; where a Sigmoid ends it, return what went into that."""
    weight = next(model.parameters(), torch.zeros(0))
    given = torch.from_numpy(images).to(weight.device, weight.dtype)
    leaves = [leaf for leaf in torch_leaves(model) if not isinstance(leaf, _SHAPES_ONLY)]
    into = []
    ends_in_sigmoid = leaves and isinstance(leaves[-1], nn.Sigmoid)
    if ends_in_sigmoid:
        hook = leaves[-1].register_forward_pre_hook(lambda _, inputs: into.append(inputs[0]))
    try:
        with mode(model, training=False), torch.inference_mode():
            found = model(given)
    finally:
        if ends_in_sigmoid:
            hook.remove()
    found = found[0] if isinstance(found, tuple) else found
    if ends_in_sigmoid:
        logits = into[-1].reshape(found.shape) if into else found
        if not into or not torch.allclose(found, torch.sigmoid(logits)):
            raise ValueError("it must end in its Sigmoid, and does something else")
        found = logits
    return found.cpu().to(torch.float64).numpy()


_SHAPES_ONLY = (nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)


def _keras_logits(model, images):
    last = model.layers[-1]
    if getattr(getattr(last, "activation", None), "__name__", "") != "sigmoid":
        return np.asarray(model(images, training=False))
    if isinstance(last, keras.layers.Activation):
        return np.asarray(keras.Model(model.inputs[0], last.input)(images, training=False))
    return before_activation(model, images)
