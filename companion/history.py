"""What happened while a network was trained, and which epoch was the best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class History:
    """Losses of each epoch; entry i of every list belongs to epoch i + 1.

    Attributes
    ----------
    train_loss, val_loss, val_accuracy : list of float
        Mean cross-entropy in nats, while training and after it on validation; share of right
        answers on validation at a threshold of 0.5.

    Examples
    --------
    >>> history = History()
    >>> for loss in (0.5, 0.4, 0.4, 0.6):
    ...     history.record(loss, loss, val_accuracy=0.9)
    >>> history.best_epoch, history.waited
    (2, 2)
    """

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)

    def record(self, train_loss: float, val_loss: float, val_accuracy: float) -> None:
        """Add an epoch.

        Raises
        ------
        FloatingPointError
            If a loss is NaN or infinite: the training has diverged.
        """
        for name, loss in (("training", train_loss), ("validation", val_loss)):
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"the {name} loss is {loss} after epoch {len(self) + 1}: the training has "
                    f"diverged; take a smaller learning rate"
                )
        self.train_loss.append(float(train_loss))
        self.val_loss.append(float(val_loss))
        self.val_accuracy.append(float(val_accuracy))

    def __len__(self) -> int:
        """Return how many epochs are over."""
        return len(self.train_loss)

    @property
    def best_epoch(self) -> int:
        """Return the first epoch, from 1, of the least validation loss; 0 before the first."""
        return self.val_loss.index(min(self.val_loss)) + 1 if self.val_loss else 0

    @property
    def waited(self) -> int:
        """Return how many epochs have passed since the best."""
        return len(self) - self.best_epoch
