"""Chapter 6.1 over several seeds: what its page and `benchmarks/diagnosis.py` both do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.films import Films
    from companion.in_torch import PooledCNN

#: Of these kinds of foreign pictures the trained detector sees examples.
SHOWN = ("turned", "inverted")
#: These are films of the chest, as they are or changed.
FROM_FILMS = ("as it is", "turned", "inverted", "cropped")


def fit_detectors(
    model: PooledCNN, films: Films, examples: Sequence[np.ndarray]
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Return four scores of "this is no picture for this model", from the films it learned.

    Parameters
    ----------
    model : companion.in_torch.PooledCNN
        Trained on `films`.
    films : Films
        What is not foreign.
    examples : sequence of numpy.ndarray
        float32, (N, 1, H, W) each: foreign pictures, for the trained detector only.

    Returns
    -------
    dict of str to function
        From images (N, 1, H, W) to scores (N,), greater means more foreign.
    """
    from sklearn.linear_model import LogisticRegression

    from companion.applications import fit_mahalanobis, fit_neighbours, max_probability_score
    from companion.in_torch import pooled_features, predict

    features = partial(pooled_features, model)
    own, foreign = features(films.images), features(np.concatenate(examples))
    to_classes = fit_mahalanobis(own, films.labels, shrinkage=0.1)
    to_neighbour = fit_neighbours(own, k=5)
    trained = LogisticRegression(max_iter=2000).fit(
        np.concatenate([own, foreign]), np.repeat([0, 1], [len(own), len(foreign)])
    )
    return {
        "doubt": lambda images: max_probability_score(predict(model, images)),
        "to the classes": lambda images: to_classes(features(images)),
        "to a neighbour": lambda images: to_neighbour(features(images)),
        "trained": lambda images: trained.decision_function(features(images)),
    }


def what_is_answered(
    pictures: Mapping[str, np.ndarray],
    labels: np.ndarray,
    probability: Callable[[np.ndarray], np.ndarray],
    surest_from: float,
    distance: Callable[[np.ndarray], np.ndarray],
    farthest: float,
) -> pd.DataFrame:
    """Return what a model says to pictures of each kind, and what two rules let through.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray
        By kind: float, (N, 1, H, W).
    labels : numpy.ndarray
        (N,): of the films that the kinds of :data:`FROM_FILMS` were made from, in their order.
    probability, distance : function
        From images to the probability of label 1, and to how foreign they are.
    surest_from, farthest : float
        One rule answers from this confidence on, the other up to this distance.

    Returns
    -------
    pandas.DataFrame
        By kind, shares: called ill (of healthy films where they are films, of all others), and
        answered by either rule.
    """
    import pandas as pd

    rows = {}
    for kind, images in pictures.items():
        p, far = probability(images), distance(images)
        healthy = labels == 0 if kind in FROM_FILMS else np.ones(len(images), bool)
        rows[kind] = {
            "called ill": (p[healthy] >= 0.5).mean(),
            "answered by confidence": (np.maximum(p, 1 - p) >= surest_from).mean(),
            "answered by distance": (far <= farthest).mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def over_runs(values: Sequence[float], form: str = ".2f", *, bounds=(0, 1)) -> str:
    """Return the mean over runs with its interval, or the one value that all of them have.

    Parameters
    ----------
    values : sequence of float
        One a run, two or more.
    form : str
        How a number is written.
    bounds : tuple of float
        Between which a value must lie.

    Returns
    -------
    str
        Mean and Student's 95 % interval of its logit: how sure the mean over all trainings is,
        for these films.

    Examples
    --------
    >>> over_runs([0.8, 0.9])
    '0.85 [0.04, 1.00]'
    >>> over_runs([1.0, 1.0])
    '1.00'
    """
    from companion.evaluation import mean_estimate

    found = mean_estimate(values, bounds=bounds)
    return f"{found.value:{form}}" if found.reason else f"{found:{form}}"


def runs_table(
    values: Mapping[str, Sequence[float]], pairs: Mapping[str, tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return the mean over runs with its interval, and the same of differences within a run.

    Parameters
    ----------
    values : mapping of str to sequence of float
        By name, one share or area a run, between 0 and 1, the runs in one order.
    pairs : mapping of str to tuple of str, optional
        By name of a difference: what is taken, and what is subtracted from it, run by run.

    Returns
    -------
    pandas.DataFrame
        Mean over runs, as `over_runs` writes it; lowest and highest run.
    """
    import pandas as pd

    rows = {name: (np.asarray(runs), ".2f", (0, 1)) for name, runs in values.items()}
    for name, (taken, subtracted) in (pairs or {}).items():
        rows[name] = np.subtract(values[taken], values[subtracted]), "+.2f", (-1, 1)
    return pd.DataFrame.from_dict(
        {
            name: {
                "mean over runs": over_runs(runs, form, bounds=bounds),
                "lowest": _written(runs.min(), form),
                "highest": _written(runs.max(), form),
            }
            for name, (runs, form, bounds) in rows.items()
        },
        orient="index",
    )


def _written(value, form):
    """Return a number without a minus before zero."""
    return f"{value:{form.replace('.', 'z.')}}"
