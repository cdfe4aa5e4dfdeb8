"""Tables of chapter 8, from stored runs and from what the page computes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.data import GeneData, Reports

#: What is counted as pneumonia where only words are looked for, and what takes it back.
WORDS = re.compile(r"consolidation|opacity|pneumonia|infiltrate", re.I)
DENIED = re.compile(r"\b(no|without|cleared|query|suspected)\b|\?", re.I)


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
        One row a change and one column a method: the share of streams with an alarm, Wilson's
        interval, and the median of films before it where most streams have one.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    rows = {}
    for change, numbers in stored["alarms"].items():
        rows[change] = {}
        for method, films in numbers[number].items():
            came = [count is not None for count in films]
            text = f"{mean_estimate(came, share=True):.2f}"
            if np.mean(came) > 0.5:
                median = np.median([np.inf if count is None else count for count in films])
                text += f", after {median:.0f}"
            rows[change][method] = text
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


def read_reports(train: Reports, asked: Mapping[str, Reports]) -> pd.DataFrame:
    """Return how often four readers of reports are right, by whose reports they are.

    Parameters
    ----------
    train : companion.data.Reports
        From which the two that learn have learned.
    asked : mapping of str to companion.data.Reports
        By name.

    Returns
    -------
    pandas.DataFrame
        One row a reader, Wilson's intervals.
    """
    import pandas as pd
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from companion.evaluation import mean_estimate

    readers = {"a word is there": _has_word, "a word is there, and not denied": _has_word_asserted}
    for name, longest in (("learned, single words", 1), ("learned, up to three words", 3)):
        counts = CountVectorizer(ngram_range=(1, longest))
        model = make_pipeline(counts, LogisticRegression(solver="newton-cholesky"))
        readers[name] = model.fit(train.texts, train.labels).predict
    return pd.DataFrame({
        name: {
            whose: f"{mean_estimate(np.asarray(reader(own.texts)) == own.labels, share=True):.2f}"
            for whose, own in asked.items()
        }
        for name, reader in readers.items()
    }).T  # fmt: skip


def _has_word(texts):
    return [int(bool(WORDS.search(text))) for text in texts]


def _has_word_asserted(texts):
    """Sentence by sentence: one that holds a word, and nothing that takes it back."""
    return [
        int(any(WORDS.search(part) and not DENIED.search(part)
                for part in re.findall(r"[^.?]+[.?]", text)))
        for text in texts
    ]  # fmt: skip


def way_costs(
    labels: np.ndarray,
    probabilities: np.ndarray,
    signs: np.ndarray,
    costs: Mapping[str, Mapping[str, float]],
) -> pd.DataFrame:
    """Return what each way of deciding misses, alarms and hands on, and its mean cost a child.

    Parameters
    ----------
    labels, probabilities : numpy.ndarray
        (N,): the truth, and what the network says.
    signs : numpy.ndarray
        (N, K), 0 or 1.
    costs : mapping of str to mapping
        By name, what :func:`companion.applications.cost_of` takes.

    Returns
    -------
    pandas.DataFrame
        One row a way; the means with Student's intervals.
    """
    import pandas as pd

    from companion.applications import cost_of, decide
    from companion.applications.rules import WAYS
    from companion.evaluation import mean_estimate

    rows = {}
    for way in WAYS:
        said = decide(probabilities, signs, way)
        rows[way] = {
            "missed": int(((said == 0) & (labels == 1)).sum()),
            "false alarms": int(((said == 1) & (labels == 0)).sum()),
            "to a doctor": int((said == -1).sum()),
        } | {
            name: f"{mean_estimate(cost_of(labels, said, **cost)):.2f}"
            for name, cost in costs.items()
        }
    return pd.DataFrame(rows).T


def subgroup_table(women: GeneData, risks: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return C by subgroup, with how many women and how many events it rests on.

    Parameters
    ----------
    women : companion.data.GeneData
        All of them.
    risks : numpy.ndarray
        (N,): of each, by a model that did not learn from her.
    rng : numpy.random.Generator
        Of the resamples.

    Returns
    -------
    pandas.DataFrame
        One row a group; percentile bootstrap intervals.
    """
    import pandas as pd

    from companion.studies import concordance

    young = (women.clinic.age_years < 50).to_numpy()
    receptors = (women.clinic.er == 1).to_numpy()
    groups = {
        "all": np.ones(len(women), bool), "below 50 years": young, "50 and above": ~young,
        "with oestrogen receptors": receptors, "without": ~receptors,
    }  # fmt: skip
    rows = {}
    for name, own in groups.items():
        score = concordance(risks[own], women.time_days[own], women.event[own], rng=rng)
        rows[name] = {
            "women": int(own.sum()), "metastases": int(women.event[own].sum()),
            "C": f"{score:.2f}",
        }  # fmt: skip
    return pd.DataFrame(rows).T
