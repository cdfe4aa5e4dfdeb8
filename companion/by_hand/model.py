"""The document's pneumonia model in NumPy: forward, loss and gradients, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from companion.by_hand._arguments import as_float_type, check_size
from companion.by_hand.activations import relu, relu_backward
from companion.by_hand.conv import conv2d, conv2d_backward
from companion.by_hand.dense import dense, dense_backward, flatten, flatten_backward
from companion.by_hand.loss import binary_cross_entropy, binary_cross_entropy_backward
from companion.by_hand.pool import max_pool2d, max_pool2d_backward
from companion.checks import check_input_shape


@dataclass
class NumPyLayer:
    """One layer with weights: its kind, ``weights`` and ``bias``.

    ``weights`` are (O, C, 3, 3) of a convolution, (D, K) of a dense layer.
    """

    kind: str
    weights: np.ndarray
    bias: np.ndarray


class DocumentCNN:
    """The source document's model: three convolutions and poolings, two dense layers.

    Parameters
    ----------
    input_shape : tuple of int
        (C, H, W), channels first. Height and width must be at least 22.
    seed : int
        Of the random start: Glorot's, biases zero, as in Keras.
    dtype : type
        float32 or float64.

    Raises
    ------
    ValueError
        If `input_shape` is not three positive ints or too small for three poolings, or
        `dtype` is another.

    References
    ----------
    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward
    neural networks, AISTATS 2010: the bounds of the random start.

    Examples
    --------
    >>> model = DocumentCNN((1, 28, 28))
    >>> model.logits(np.zeros((2, 1, 28, 28), np.float32))
    array([0., 0.], dtype=float32)
    """

    def __init__(
        self,
        input_shape: tuple[int, int, int] = (1, 28, 28),
        *,
        seed: int = 0,
        dtype: type = np.float32,
    ):
        check_input_shape(input_shape, "C H W")
        self.input_shape, self.dtype = tuple(map(int, input_shape)), as_float_type(dtype)
        rng, dtype = np.random.default_rng(seed), self.dtype
        channels, height, width = self.input_shape
        self.layers = []
        for maps in (32, 64, 128):
            self.layers.append(_convolution(channels, maps, rng, dtype))
            channels, height, width = maps, (height - 2) // 2, (width - 2) // 2
        self.layers.append(_dense(channels * height * width, 128, rng, dtype))
        self.layers.append(_dense(128, 1, rng, dtype))

    def arrays(self) -> list[np.ndarray]:
        """Return all weights and biases, to be changed in place.

        Returns
        -------
        list of numpy.ndarray
            Ten: each layer's weights, then its bias.
        """
        return [array for layer in self.layers for array in (layer.weights, layer.bias)]

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Return what the last layer gives; a sigmoid turns it into a probability.

        Parameters
        ----------
        images : numpy.ndarray
            float, (N, C, H, W), the model's dtype.

        Returns
        -------
        numpy.ndarray
            (N,).

        Raises
        ------
        ValueError
            If `images` are not such as the model was made for.
        """
        return self._forward(images)[0]

    def loss_and_gradients(
        self, images: np.ndarray, labels: np.ndarray
    ) -> tuple[float, list[np.ndarray]]:
        """Return the mean cross-entropy and its gradients.

        Parameters
        ----------
        images : numpy.ndarray
            float, (N, C, H, W), the model's dtype.
        labels : array_like
            (N,), 0 or 1.

        Returns
        -------
        loss : float
            In nats.
        gradients : list of numpy.ndarray
            In the order of :meth:`arrays`.

        Raises
        ------
        ValueError
            If `images` are not such as the model was made for, or a label is not 0 or 1.
        """
        logits, kept = self._forward(images)
        *convolutions, hidden, last = self.layers
        grad = binary_cross_entropy_backward(logits, labels)[:, None]
        gradients = []

        sums, activated, maps = kept.pop()
        grad, *own = dense_backward(grad, activated, last.weights)
        gradients = own
        grad, *own = dense_backward(relu_backward(grad, sums), flatten(maps), hidden.weights)
        gradients = own + gradients
        grad = flatten_backward(grad, maps)
        for layer in reversed(convolutions):
            inputs, sums, activated = kept.pop()
            grad = relu_backward(max_pool2d_backward(grad, activated), sums)
            grad, *own = conv2d_backward(grad, inputs, layer.weights)
            gradients = own + gradients
        return binary_cross_entropy(logits, labels), gradients

    def _forward(self, images):
        """Return the logits, and what each layer keeps for the backward pass."""
        check_size("images", images, self.input_shape)
        *convolutions, hidden, last = self.layers
        maps, kept = images, []
        for layer in convolutions:
            sums = conv2d(maps, layer.weights, layer.bias)
            activated = relu(sums)
            kept.append((maps, sums, activated))
            maps = max_pool2d(activated)
        sums = dense(flatten(maps), hidden.weights, hidden.bias)
        activated = relu(sums)
        kept.append((sums, activated, maps))
        return dense(activated, last.weights, last.bias)[:, 0], kept


def _convolution(channels, maps, rng, dtype):
    shape = (maps, channels, 3, 3)
    weights = _glorot(shape, 9 * channels, 9 * maps, rng, dtype)
    return NumPyLayer("convolution", weights, np.zeros(maps, dtype))


def _dense(inputs, units, rng, dtype):
    weights = _glorot((inputs, units), inputs, units, rng, dtype)
    return NumPyLayer("dense layer", weights, np.zeros(units, dtype))


def _glorot(shape, fan_in, fan_out, rng, dtype):
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, shape).astype(dtype)
