"""Tables of chapter 8, from stored runs and from what the page computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def search_table(stored: Mapping) -> pd.DataFrame:
    """Return how well planted errors were found, means over the seeds with Student's intervals.

    Parameters
    ----------
    stored : mapping
        ``read_table("label_errors")``.

    Returns
    -------
    pandas.DataFrame
        One row a kind and share of errors, strings.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    runs, rows = pd.DataFrame(stored["runs"]), {}
    for (kind, share), own in runs.groupby(["kind", "share"], sort=False):
        rows[kind, f"{share:.0%}"] = {
            "suspects": f"{own.suspects.mean():.0f}",
            "precision": f"{mean_estimate(own.found / own.suspects, bounds=(0, 1)):.2f}",
            "recall": f"{mean_estimate(own.found / own.planted, bounds=(0, 1)):.2f}",
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.names = ["errors on", "wrong"]
    return table


def annotation_prices(
    sizes: Sequence[int], scores: np.ndarray, *, price: float, readers: int = 1
) -> pd.DataFrame:
    """Return what labels cost, and what each further step of a learning curve adds.

    Parameters
    ----------
    sizes : sequence of int
        (S,): films labelled.
    scores : numpy.ndarray
        (S, seeds): a score of each training.
    price : float
        Of one reading of one film.
    readers : int
        How many read each film.

    Returns
    -------
    pandas.DataFrame
        One row a size.
    """
    import pandas as pd

    mean = np.asarray(scores).mean(axis=1)
    cost = np.asarray(sizes) * price * readers
    step = np.diff(cost, prepend=0)
    gain = np.diff(mean, prepend=np.nan) * 100
    return pd.DataFrame(
        {"labels cost": [f"{value:,.0f}" for value in cost],
         "AUROC": [f"{value:.3f}" for value in mean],
         "this step cost": [f"{value:,.0f}" for value in step],
         "and added, in points": [f"{value:+.1f}" if np.isfinite(value) else "" for value in gain]},
        index=pd.Index([f"{size:,}" for size in sizes], name="films"),
    )  # fmt: skip


def hospital_scores(stored: Mapping) -> pd.DataFrame:
    """Return each way's scores over the seeds, and how far federated training is ahead of it.

    Parameters
    ----------
    stored : mapping
        ``read_table("federated")``.

    Returns
    -------
    pandas.DataFrame
        One row a way, means over seeds with Student's intervals.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    runs = pd.DataFrame(stored["runs"])
    wide = {
        name: runs.pivot(index="seed", columns="way", values=name)
        for name in ("auroc", "balanced_accuracy")
    }
    rows = {}
    for way in runs.way.unique():
        lead = wide["auroc"]["federated"] - wide["auroc"][way]
        rows[way] = {
            "AUROC": f"{mean_estimate(wide['auroc'][way], bounds=(0, 1)):.3f}",
            "balanced accuracy": f"{mean_estimate(wide['balanced_accuracy'][way]):.2f}"
            if wide["balanced_accuracy"][way].nunique() > 1
            else f"{wide['balanced_accuracy'][way].mean():.2f}, in every run",
            "federated minus this": "" if way == "federated" else f"{mean_estimate(lead):+.3f}",
        }
    return pd.DataFrame(rows).T


def alarm_table(stored: Mapping, number: str) -> pd.DataFrame:
    """Return how often each method raised an alarm, and after how many films.

    Parameters
    ----------
    stored : mapping
        ``read_table("drift")``.
    number : {"brightness", "sharpness", "probability"}
        What was watched.

    Returns
    -------
    pandas.DataFrame
        One row a change: by method, the share of streams with an alarm, with Wilson's interval;
        then the median of films until the alarm, where most streams have one.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    rows = {}
    for change, numbers in stored["alarms"].items():
        rows[change] = {}
        for method, films in numbers[number].items():
            came = [count is not None for count in films]
            rows[change][method] = f"{mean_estimate(came, share=True):.2f}"
        for method, films in numbers[number].items():
            middle = np.median([np.inf if count is None else count for count in films])
            rows[change][f"films, {method}"] = f"{middle:.0f}" if np.isfinite(middle) else ""
    return pd.DataFrame(rows).T


def repeated_attacks(
    features: np.ndarray,
    labels: np.ndarray,
    settings: Mapping[str, Mapping[str, float]],
    *,
    seeds: int = 10,
) -> pd.DataFrame:
    """Train on one half of some images, attack with the other half, over several seeds.

    Parameters
    ----------
    features : numpy.ndarray
        (N, D).
    labels : numpy.ndarray
        (N,), 0 or 1.
    settings : mapping of str to mapping
        By name, what :func:`companion.studies.fit_private` takes.
    seeds : int
        How many halves are drawn, at least 2.

    Returns
    -------
    pandas.DataFrame
        One row a setting: AUROC of the attack, and of the model on images that it has not seen;
        means with Student's intervals over halves, which share images: too narrow, if anything.
    """
    import pandas as pd
    from scipy.special import expit

    from companion.evaluation import mean_estimate
    from companion.studies import attack_membership, fit_private, losses_of, privacy_of

    rows = {}
    for name, setting in settings.items():
        attacks, scores = [], []
        for seed in range(seeds):
            rng = np.random.default_rng([8, seed])
            order = rng.permutation(len(labels))
            inside, outside = order[: len(order) // 2], order[len(order) // 2 :]
            weights = fit_private(features[inside], labels[inside], rng=rng, **setting)
            said = expit(features @ weights[:-1] + weights[-1])
            losses = losses_of(labels, said)
            attacks.append(attack_membership(losses[inside], losses[outside]).value)
            healthy, ill = (said[outside][labels[outside] == label] for label in (0, 1))
            scores.append((ill[:, None] > healthy).mean())
        rows[name] = {
            "attack": f"{mean_estimate(attacks, bounds=(0, 1)):.2f}",
            "the model, on others": f"{mean_estimate(scores, bounds=(0, 1)):.2f}",
            "promised epsilon": f"{privacy_of(setting['noise'], setting['steps'])[0]:.1f}"
            if setting["noise"] else "none",
        }  # fmt: skip
    return pd.DataFrame(rows).T
