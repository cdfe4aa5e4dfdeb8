"""What the four ways of one task are given, and what they refuse."""

from __future__ import annotations

from companion.checks import check_rounds
from companion.films import Films

#: Of a film, channels first. The document's model leaves 128 values of it to its dense layers.
SHAPE = (1, 28, 28)


def check_task(films, epochs, batch_size, learning_rate):
    """Raise unless the task is one that all four ways can be given."""
    if not isinstance(films, Films):
        raise ValueError(f"films must be Films, got {type(films).__name__}")
    if films.images.shape[1:] != SHAPE:
        raise ValueError(f"films must be of shape {SHAPE} each, got {films.images.shape[1:]}")
    check_rounds(epochs, batch_size, None)
    if not learning_rate > 0:
        raise ValueError(f"learning_rate must be above 0, got {learning_rate}")
