"""What chapter 8 tries while it runs: readers of reports, ways to decide, subgroups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.data import GeneData, Reports

#: What is counted as pneumonia where only words are looked for, and what takes it back.
WORDS = re.compile(r"consolidation|opacity|pneumonia|infiltrate", re.I)
DENIED = re.compile(r"\b(no|without|cleared|query|suspected)\b|\?", re.I)


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
        One row a way, cut at one half; then network and evidence, cut where each price asks. The
        means with Student's intervals.
    """
    import pandas as pd

    from companion.applications import cost_of, decide
    from companion.applications.rules import WAYS
    from companion.evaluation import mean_estimate

    cuts = sorted(
        {cost["false_alarm"] / (cost["miss"] + cost["false_alarm"]) for cost in costs.values()}
    )
    rules = {way: (way, 0.5) for way in WAYS}
    rules |= {
        f"{way}, cut at {cut:.2f}": (way, cut) for way in ("network", "evidence") for cut in cuts
    }
    rows = {}
    for name, (way, cut) in rules.items():
        said = decide(probabilities, signs, way, threshold=cut)
        rows[name] = {
            "missed": int(((said == 0) & (labels == 1)).sum()),
            "false alarms": int(((said == 1) & (labels == 0)).sum()),
            "to a doctor": int((said == -1).sum()),
        } | {
            priced: f"{mean_estimate(cost_of(labels, said, **cost)):.2f}"
            for priced, cost in costs.items()
        }
    return pd.DataFrame(rows).T


def subgroup_table(women: GeneData, risks: np.ndarray) -> pd.DataFrame:
    """Return C by subgroup, with how many women and how many events it rests on.

    Parameters
    ----------
    women : companion.data.GeneData
        All of them.
    risks : numpy.ndarray
        (N,): of each, by a model that did not learn from her.

    Returns
    -------
    pandas.DataFrame
        One row a group; intervals by the jackknife over women.
    """
    import pandas as pd

    from companion.applications import concordance

    young = (women.clinic.age_years < 50).to_numpy()
    receptors = (women.clinic.er == 1).to_numpy()
    groups = {
        "all": np.ones(len(women), bool), "below 50 years": young, "50 and above": ~young,
        "with oestrogen receptors": receptors, "without": ~receptors,
    }  # fmt: skip
    rows = {}
    for name, own in groups.items():
        follow_up = women.time_days[own], women.event[own]
        score = concordance(*follow_up, risks[own], method="harrell")
        rows[name] = {
            "women": int(own.sum()), "metastases": int(women.event[own].sum()),
            "C": f"{score:.2f}",
        }  # fmt: skip
    return pd.DataFrame(rows).T
