"""Chapter 6.1 over several seeds: what its page and `benchmarks/diagnosis.py` both do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from companion.films import Films

#: Of these kinds of foreign pictures the trained detector sees examples.
SHOWN = ("turned", "inverted")


def fit_detectors(
    model: nn.Module, films: Films, examples: Sequence[np.ndarray]
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
        mean over runs (Student's 95 % interval of that mean; of its logit for a share); lowest
        and highest run.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    rows = {name: (np.asarray(runs), (0, 1), ".2f") for name, runs in values.items()}
    for name, (taken, subtracted) in (pairs or {}).items():
        rows[name] = np.subtract(values[taken], values[subtracted]), (-1, 1), "+.2f"
    return pd.DataFrame.from_dict(
        {
            name: {
                "mean over runs": f"{mean_estimate(runs, bounds=bounds):{form}}",
                "lowest": f"{runs.min():z{form}}" if form == ".2f" else f"{runs.min():+z.2f}",
                "highest": f"{runs.max():z{form}}" if form == ".2f" else f"{runs.max():+z.2f}",
            }
            for name, (runs, bounds, form) in rows.items()
        },
        orient="index",
    )
