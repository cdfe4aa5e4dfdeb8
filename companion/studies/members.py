"""Several networks, and one answer from all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from companion.checks import check_images
from companion.data.shifts import move_all
from companion.films import Films
from companion.in_torch.training import logits

#: From training films, watched films, seed and precision to a trained network.
Training = Callable[[Films, Films, int, str], nn.Module]


def train_members(
    trainings: Sequence[Training],
    train: Films,
    validation: Films,
    seeds: Sequence[int],
    *,
    processes: int = 2,
    precision: str = "float32",
) -> list[nn.Module]:
    """Train one network with each seed, several at a time, each in a process with one thread.

    Parameters
    ----------
    trainings : sequence of function
        How the member of each seed is trained; ``[partial(trained, recipe)] * 2`` trains two
        members of one recipe.
    train, validation : companion.films.Films
        To learn from, and to watch.
    seeds : sequence of int
        One a member.
    processes : int
        How many at a time.
    precision : str
        As in :func:`companion.in_torch.fit`.

    Returns
    -------
    list of torch.nn.Module
        In the order of the seeds; the same, however many processes there are.

    Raises
    ------
    ValueError
        If there is no seed, or not one for each training, or as :func:`train_recipe`.

    Examples
    --------
    >>> films = Films(np.random.default_rng(0).random((8, 1, 12, 12)), np.arange(8) % 2)
    >>> from companion.studies import Recipe, trained
    >>> short = partial(trained, Recipe(widths=(4,), epochs=1))
    >>> len(train_members([short, short], films, films, [0, 1]))  # doctest: +SKIP
    2
    """
    if not len(seeds) or len(seeds) != len(trainings):
        raise ValueError(
            f"seeds must name at least one member, one for each of {len(trainings)} trainings, "
            f"got {list(seeds)}"
        )
    work = partial(_member, train, validation, precision)
    with ProcessPoolExecutor(min(processes, len(seeds)), mp_context=get_context("spawn")) as pool:
        members = pool.map(work, trainings, seeds)
        return list(tqdm(members, total=len(seeds), unit="member"))


def _member(train, validation, precision, training, seed):
    torch.set_num_threads(1)
    return training(train, validation, seed, precision)


#: Ways to look at a film again: turn in degrees, zoom, and shift down and right.
VIEWS = (
    (0, 1, 0, 0), (3.5, 1, 0, 0), (-3.5, 1, 0, 0), (0, 1.05, 0, 0), (0, 0.95, 0, 0),
    (0, 1, 0.025, 0), (0, 1, -0.025, 0), (0, 1, 0, 0.025), (0, 1, 0, -0.025),
)  # fmt: skip


def pooled_logits(models: Sequence[nn.Module], images: np.ndarray, *, views: int = 1) -> np.ndarray:
    """Return the mean logit of several networks, each of which looks in several ways.

    Parameters
    ----------
    models : sequence of torch.nn.Module
        Give logits (N,).
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1].
    views : int
        How many of :data:`VIEWS`, from the first on, which is the film as it is.

    Returns
    -------
    numpy.ndarray
        float64, (N,).

    Raises
    ------
    ValueError
        If there is no model, `views` is not between 1 and nine, or the images are not films.

    Examples
    --------
    >>> images = np.full((2, 1, 8, 8), 0.5, np.float32)
    >>> constant = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.Flatten(0))
    >>> _ = nn.init.zeros_(constant[1].weight), nn.init.ones_(constant[1].bias)
    >>> pooled_logits([constant, constant], images, views=3).tolist()
    [1.0, 1.0]
    """
    images = check_images("images", images)
    if not len(models) or not 1 <= views <= len(VIEWS):
        raise ValueError(
            f"models must not be empty, and views be 1 to {len(VIEWS)}, "
            f"got {len(models)} models and views={views}"
        )
    seen = [images] + [move_all(images, *view) for view in VIEWS[1:views]]
    found = [logits(model, view).numpy() for model in models for view in seen]
    return np.mean(found, axis=0)
