"""The tables of chapter 5.2, made from what the benchmarks stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from companion.films import Films
    from companion.in_torch import ResidualCNN
    from companion.studies import Recipe

#: What others have published for the official test split: size in pixels, AUROC, accuracy, where
#: it was read. "Quoted": not in the paper itself, whose table is a picture or could not be opened.
PUBLISHED = {
    "ResNet-18": (28, 0.944, 0.854, "Yang 2023"),
    "ResNet-50": (28, 0.948, 0.854, "Yang 2023"),
    "AutoKeras": (28, 0.947, 0.878, "Yang 2023"),
    "Google AutoML Vision": (28, 0.991, 0.946, "Yang 2023"),
    "best of ten, fine-tuned": (28, 0.970, 0.851, "Doerrich 2025, quoted"),
    "DINO, linear probe": (28, 0.973, 0.866, "Doerrich 2025, quoted"),
    "ResNet-50, large films": (224, 0.962, 0.884, "Yang 2023"),
    "DINO, linear probe, large films": (224, 0.989, 0.916, "Doerrich 2025, quoted"),
    "MedViT-S, large films": (224, 0.995, 0.961, "Manzari 2023, quoted"),
    "MedVK-S, large films": (224, 0.996, 0.973, "Pan 2026, its program's page"),
}
#: Scores by their name in the stored tables, and as the page writes them.
SHOWN = {
    "auroc": "AUROC", "accuracy": "accuracy", "sensitivity": "sensitivity",
    "specificity": "specificity",
}  # fmt: skip
#: The first recipe of the search.
DOCUMENT = "document's model"
#: The last step's networks, with the statistics of the films that they are asked.
RENORMALIZED = "statistics of the new films"
#: The rows of benchmarks/pneumonia.py.
ROWS = (
    "the document's model", "one network", "one network, all views", "all networks",
    "all networks, all views",
)  # fmt: skip


def shift_table(models: Mapping[str, ResidualCNN], films: Films) -> pd.DataFrame:
    """Score networks on films as they are and under each simulated shift: AUROC, a row a shift."""
    import pandas as pd

    from companion.studies import validate_shifted

    found = {name: validate_shifted(model, films) for name, model in models.items()}
    return pd.DataFrame(found).drop("loss").round(3)


def recipe_table(recipes: Mapping[str, Recipe]) -> pd.DataFrame:
    """Return what each recipe changes: a step in the one before, the others in the last step."""
    import pandas as pd

    from companion.studies import STEPS

    rows, before = {}, None
    for name, recipe in recipes.items():
        fields, known = _fields(recipe), {} if before is None else _fields(before)
        shown = fields if known else {f: fields[f] for f in _OF_THE_FIRST}
        rows[name] = ", ".join(_set(f, v) for f, v in shown.items() if known.get(f) != v)
        before = recipe if name in STEPS else before
    return pd.DataFrame({"what it changes": rows})


#: What the first row tells; what is not told is off.
_OF_THE_FIRST = ("widths", "learning_rate", "weight_decay", "epochs", "batch_size")


def _set(field, value):
    return f"{field} {'on' if value is True else 'off' if value is False else value}"


def _fields(recipe):
    """Return all fields of a recipe, those of its changes among them."""
    fields = asdict(recipe)
    changes = fields.pop("changes") or {"geometry": 0, "exposure": 0, "mirror": False}
    return fields | changes


def search_table(stored: Mapping) -> pd.DataFrame:
    """Return what validation says of each recipe, means over seeds, and the minutes of a run."""
    import pandas as pd

    says = rule_scores(stored)
    table = pd.DataFrame({rule: scores.mean(axis=1) for rule, scores in says.items()})
    table.index = list(stored["runs"])
    table.insert(0, "accuracy", [
        np.mean([run["validation scores"]["accuracy"] for run in runs])
        for runs in stored["runs"].values()
    ])  # fmt: skip
    table["minutes"] = [
        np.mean([run["seconds"] for run in runs]) / 60 for runs in stored["runs"].values()
    ]
    return table


def folds_table(stored: Mapping) -> pd.DataFrame:
    """Return what cross-validation over looks says of each recipe: means over groups, minutes."""
    import pandas as pd

    table = pd.DataFrame(
        {rule: scores.mean(axis=1) for rule, scores in rule_scores(stored, "scores").items()},
        index=list(stored["runs"]),
    )
    table["minutes"] = [
        np.mean([run["seconds"] for run in runs]) / 60 for runs in stored["runs"].values()
    ]
    return table


def below_first(stored: Mapping, rule: str = "AUROC, other shifts") -> dict[str, str]:
    """Say how far each recipe lies below the first by a rule: the mean over groups of films.

    With Student's interval of the paired differences, each by itself; the first has none.
    """
    from companion.evaluation import mean_estimate

    scores = rule_scores(stored, "scores")[rule]
    first = scores.mean(axis=1).argmax()
    told = {}
    for number, name in enumerate(stored["runs"]):
        below = mean_estimate(scores[first] - scores[number])
        told[name] = f"{below.value:.4f} [{below.low:+.4f}, {below.high:+.4f}]"
    return told | {list(told)[first]: ""}


def scores_over_looks(folds: Mapping, search: Mapping) -> dict[str, np.ndarray]:
    """Return what each rule says over looks of the recipes of the first search: (R, 3).

    A group is as hard for all recipes, so its mean over them is taken away.
    """
    names = list(folds["runs"])
    rows = [names.index(name) for name in search["runs"]]
    said = {rule: scores[rows] for rule, scores in rule_scores(folds, "scores").items()}
    return {rule: scores - scores.mean(axis=0) for rule, scores in said.items()}


def rule_scores(stored: Mapping, asked: str = "validation") -> dict[str, np.ndarray]:
    """Return what each rule says of each recipe and seed: (R, S), more is better."""
    from companion.studies import RULES

    return {
        rule: np.array([
            [score(run[asked]) for run in runs] for runs in stored["runs"].values()
        ])
        for rule, score in RULES.items()
    }  # fmt: skip


def scores_on_test(stored: Mapping, score: str) -> np.ndarray:
    """Return a score on test of each recipe and seed: (R, S)."""
    return np.array([
        [run["test scores"][score] for run in runs] for runs in stored["runs"].values()
    ])  # fmt: skip


def revealed(stored: Mapping) -> pd.DataFrame:
    """Return what the test said of each recipe, and how far the last step is above it.

    Means over seeds with Student's interval; the difference of the mean answers is DeLong's.
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    rows = {}
    for number, name in enumerate(stored["runs"]):
        against = stored["against the last step"].get(name)
        rows[name] = {
            shown: mean_estimate(scores_on_test(stored, score)[number], bounds=(0, 1))
            for score, shown in SHOWN.items()
            if score != "sensitivity"
        } | {"AUROC of the last step minus this": _difference(against)}  # fmt: skip
    return pd.DataFrame(rows).T


def _difference(against):
    if against is None:
        return ""
    chance = f"p = {against['p']:.2g}" if against["p"] else "p < 0.0001"
    return "{difference:+.3f} [{low:+.3f}, {high:+.3f}], ".format(**against) + chance


def result_table(stored: Mapping, recipe: str) -> pd.DataFrame:
    """Return the rows of a recipe: means over groups with Student's interval of that mean."""
    import pandas as pd

    from companion.evaluation import mean_estimate

    rows = {}
    for name in ROWS:
        runs = [run[name] for run in stored["methods"][recipe]]
        rows[name] = {
            shown: mean_estimate([run["test"][score][0] for run in runs], bounds=(0, 1))
            for score, shown in SHOWN.items()
        }
    return pd.DataFrame(rows).T


def cost_of(stored: Mapping, method: str) -> str:
    """Say how many networks a method trains, in what time and in how much memory."""
    runs = stored["methods"][method]
    minutes = np.mean([run["seconds"] for run in runs]) / 60
    memory = max(run["megabytes"] for run in runs)
    return (
        f"{stored['members']} networks, {minutes:.1f} minutes, {stored['processes']} at a time, "
        f"up to {memory} MB each"
    )


def with_films(
    stored: Mapping, recipe: str, name: str, score: str = "auroc"
) -> tuple[float, float, float]:
    """Return the means over trainings of a row's score and of its interval's ends over films."""
    runs = stored["methods"][recipe]
    ends = np.mean([run[name]["test"][score] for run in runs], axis=0)
    return tuple(float(end) for end in ends)


def gap_table(tables: Iterable[Mapping], name: str, published: str) -> pd.DataFrame:
    """Say how far a row of each method lies above published scores, which count as exact."""
    import pandas as pd

    _, auroc, accuracy, _ = PUBLISHED[published]
    rows = {}
    for stored in tables:
        for method in stored["methods"]:
            rows[method] = {}
            for score, theirs in (("auroc", auroc), ("accuracy", accuracy)):
                value, low, high = with_films(stored, method, name, score)
                above = f"{value - theirs:+.3f} [{low - theirs:+.3f}, {high - theirs:+.3f}]"
                rows[method][f"{SHOWN[score]} minus {theirs}"] = above
    return pd.DataFrame(rows).T


def published_table() -> pd.DataFrame:
    """Return what others have published."""
    import pandas as pd

    return pd.DataFrame.from_dict(
        PUBLISHED, orient="index", columns=["pixels", "AUROC", "accuracy", "read in"]
    )
