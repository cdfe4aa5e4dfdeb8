"""The book's layers in NumPy, forward and backward, and how a network is trained with them.

``from companion import by_hand``, then ``by_hand.conv2d(...)``. In :mod:`companion.by_hand.plain`
the same layers stand in about ten lines each, to be read.
"""

from companion.by_hand.activations import (
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
)
from companion.by_hand.cells import (
    GRUGates,
    LSTMGates,
    LSTMState,
    RecurrentParameters,
    init_recurrent,
)
from companion.by_hand.conv import conv2d, conv2d_backward
from companion.by_hand.costs import document_costs, receptive_fields
from companion.by_hand.dense import dense, dense_backward, flatten, flatten_backward
from companion.by_hand.gradient_check import numerical_gradient
from companion.by_hand.loss import binary_cross_entropy, binary_cross_entropy_backward
from companion.by_hand.model import DocumentCNN, NumPyLayer
from companion.by_hand.neuron import descend
from companion.by_hand.normalization import (
    Statistics,
    batch_norm,
    batch_norm_backward,
    dropout,
    dropout_backward,
)
from companion.by_hand.optimizers import SGD, Adam, clip_by_norm
from companion.by_hand.padding import output_size, same_padding
from companion.by_hand.plain import gru_step, lstm_step, rnn_step
from companion.by_hand.pool import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from companion.by_hand.recurrent import gru, lstm, rnn
from companion.by_hand.recurrent_backward import gru_backward, lstm_backward, rnn_backward
from companion.by_hand.training import fit, learn_kernel, predict

__all__ = [
    "SGD", "Adam", "DocumentCNN", "GRUGates", "LSTMGates", "LSTMState", "NumPyLayer",
    "RecurrentParameters", "Statistics", "avg_pool2d", "avg_pool2d_backward", "batch_norm",
    "batch_norm_backward", "binary_cross_entropy", "binary_cross_entropy_backward",
    "clip_by_norm", "conv2d", "conv2d_backward", "dense", "dense_backward", "descend",
    "document_costs",
    "dropout", "dropout_backward", "fit", "flatten", "flatten_backward", "global_avg_pool2d",
    "global_avg_pool2d_backward", "gru", "gru_backward", "gru_step", "init_recurrent",
    "learn_kernel", "lstm", "lstm_backward", "lstm_step", "max_pool2d", "max_pool2d_backward",
    "numerical_gradient",
    "output_size", "predict", "receptive_fields", "relu", "relu_backward", "rnn",
    "rnn_backward", "rnn_step", "same_padding", "sigmoid", "sigmoid_backward", "softmax",
    "softmax_backward",
]  # fmt: skip
