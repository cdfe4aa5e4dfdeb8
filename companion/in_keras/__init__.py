"""The book's models in Keras: they take channels last, these functions channels first."""

from companion.in_keras.chain import layers_in_chain
from companion.in_keras.grad_cam import grad_cam
from companion.in_keras.models import document_cnn, layer_table, logits
from companion.in_keras.training import fit, predict

__all__ = ["document_cnn", "fit", "grad_cam", "layer_table", "layers_in_chain", "logits", "predict"]
