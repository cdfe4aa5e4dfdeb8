"""A Keras model as the chain of layers that it applies; what is no chain is refused."""

from __future__ import annotations

import keras


def layers_in_chain(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers in the order in which they are applied.

    Parameters
    ----------
    model : keras.Model
        Built, Sequential or functional, each layer fed by the one before it.

    Returns
    -------
    list of keras.layers.Layer
        Without the layers that only stand for the input.

    Raises
    ------
    ValueError
        If the model branches, has several inputs or outputs, holds another model, or is not built.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="two")])
    >>> [layer.name for layer in layers_in_chain(model)]
    ['two']
    """
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise ValueError(
            f"model must be a built Sequential or functional Keras model, got "
            f"{type(model).__name__}, whose layers do not tell how they are applied"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"model must be a chain with one input and one output, got {len(model.inputs)} and "
            f"{len(model.outputs)}"
        )
    last, found = model.inputs[0], []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, keras.Model):
            raise ValueError(f"model must hold layers only, got the model {layer.name} inside")
        if layer.input is not last:
            raise ValueError(f"model must be a chain, but {layer.name} does not take what precedes")
        last = layer.output
        found.append(layer)
    if last is not model.outputs[0]:
        raise ValueError("model must be a chain that ends in its last layer")
    return found
