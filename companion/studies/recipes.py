"""Recipes of training: the chapter's steps, each of which changes the one before, and others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from companion.data import Changes
from companion.in_torch import ResidualCNN


@dataclass(frozen=True)
class Recipe:
    """All that decides how one network is trained; the defaults are the chapter's last step.

    Parameters
    ----------
    changes : companion.data.Changes, optional
        What is drawn anew for each training film; None: the films as they are.
    widths : tuple of int
        Maps of each block of :class:`companion.in_torch.ResidualCNN`.
    dropout : float
        As there.
    standardize : bool
        As there.
    enlarge : int
        As there.
    smoothing : float
        Labels are moved so far from 0 and 1 towards one half, in [0, 1).
    balanced : bool
        Weigh both labels alike, however many films each has.
    learning_rate, weight_decay : float
        Greatest learning rate of the one cycle, and AdamW's decay of kernels and matrices.
    one_cycle : bool
        Let the learning rate rise and fall once; else it stays.
    epochs, batch_size : int
        Passes over the films; films an update.
    """

    changes: Changes | None = Changes()  # noqa: RUF009 (frozen)
    widths: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.3
    standardize: bool = False
    enlarge: int = 1
    smoothing: float = 0.1
    balanced: bool = True
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    one_cycle: bool = True
    epochs: int = 20
    batch_size: int = 64


_BARE = Recipe(
    changes=None, dropout=0.0, smoothing=0.0, balanced=False,
    learning_rate=1e-3, weight_decay=0.01, one_cycle=False,
)  # fmt: skip
_CYCLE = replace(_BARE, learning_rate=4e-3, weight_decay=0.05, one_cycle=True)
_CAREFUL = replace(_CYCLE, dropout=0.3, smoothing=0.1, balanced=True)

#: The story of the chapter: each recipe changes the one before.
STEPS = {
    "residual network": _BARE,
    "one cycle": _CYCLE,
    "softer labels": _CAREFUL,
    "moved films": replace(_CAREFUL, changes=Changes(exposure=0)),
    "exposed films": Recipe(),
}
#: What was tried beside it: each changes one thing of the last step (a block goes with size).
ASIDE = {
    "exposed, not moved": replace(Recipe(), changes=Changes(geometry=0)),
    "mirrored": replace(Recipe(), changes=Changes(mirror=True)),
    "changed twice as much": replace(Recipe(), changes=Changes(geometry=2, exposure=2)),
    "wider": replace(Recipe(), widths=(48, 96, 192)),
    "twice as long": replace(Recipe(), epochs=40),
    "each film standardised": replace(Recipe(), standardize=True),
    "enlarged to 56 pixels": replace(Recipe(), enlarge=2, widths=(16, 32, 64, 128)),
}
#: What was tried later, once the first search's test scores had been read.
LATER = {
    "changed three times as much": replace(Recipe(), changes=Changes(geometry=3, exposure=3)),
    "changed twice, wider": replace(ASIDE["changed twice as much"], widths=(48, 96, 192)),
    "changed twice, enlarged": replace(
        ASIDE["changed twice as much"], enlarge=2, widths=(16, 32, 64, 128)
    ),
}


def untrained(recipe: Recipe, *, channels: int = 1, seed: int = 0) -> ResidualCNN:
    """Return the network of a recipe with the weights that a seed draws.

    Parameters
    ----------
    recipe : Recipe
        Its widths, dropout, standardisation and enlargement are used.
    channels : int
        Of the films.
    seed : int
        Of the weights.

    Returns
    -------
    companion.in_torch.ResidualCNN
        Not trained.

    Raises
    ------
    ValueError
        As :class:`companion.in_torch.ResidualCNN`.

    Examples
    --------
    >>> import torch
    >>> untrained(Recipe(widths=(4, 8)))(torch.zeros(1, 1, 12, 12)).shape
    torch.Size([1])
    """
    return ResidualCNN(
        channels, widths=recipe.widths, dropout=recipe.dropout,
        standardize=recipe.standardize, enlarge=recipe.enlarge, seed=seed,
    )  # fmt: skip
