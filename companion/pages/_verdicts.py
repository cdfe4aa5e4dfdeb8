"""What later chapters found, for the cards of chapter 1: numbers from their stored tables."""

from __future__ import annotations

import numpy as np

from companion.checks import check_choice
from companion.pages.c5_1_pneumonia import seeds_table
from companion.pages.tables import read_table


def verdict(claim: str) -> str:
    """Say in numbers what the chapter that tests a claim found, from the table that it reads.

    Parameters
    ----------
    claim : str
        One of :data:`CLAIMS`.

    Returns
    -------
    str
        Some short lines, each a number or an interval with what it is of.

    Raises
    ------
    ValueError
        If no chapter tests that claim.

    Examples
    --------
    >>> print(verdict("intervals"))
    95 % intervals that hold in 93 to 97 % of studies: ... of ...
    """
    check_choice("claim", claim, CLAIMS)
    return "\n".join(CLAIMS[claim]())


def _features():
    """Chapter 9.1: a network on few films against a linear model on all pixels."""
    from companion.evaluation.intervals import mean_estimate

    curves = read_table("learning_curve")["curves"]
    for split, films in (("val", "validation"), ("test", "test")):
        few = np.array(curves["better CNN"][split]["auroc"][3])
        pixels = np.array(curves["logistic regression"][split]["auroc"][-1])
        sizes = curves["better CNN"]["sizes"][3], curves["logistic regression"]["sizes"][-1]
        yield (
            f"AUROC, {films}: CNN on {sizes[0]} films {few.mean():.3f}, "
            f"pixels of {sizes[1]:,} films {pixels.mean():.3f}"
        )
        yield f"  difference {mean_estimate(few - pixels):+.3f}"


def _runs(split, metric):
    """Return one score of the document's program, a number a seed, as chapter 5.1 rounds it."""
    scores = seeds_table(read_table("pneumonia_seeds"), [(split, metric)]).iloc[:, 0]
    return scores[scores.index.str.startswith("program")]


def _accuracy():
    for split in ("validation", "test"):
        runs = _runs(split, "accuracy")
        yield (
            f"accuracy on {split} films, {len(runs)} seeds: {runs.min():.3f} to {runs.max():.3f}"
        )


def _false_alarms():
    runs = _runs("test", "specificity")
    low, high = (100 * (1 - end) for end in (runs.max(), runs.min()))
    yield (f"of 100 healthy children called ill, by seed: {low:.0f} to {high:.0f}")


def _maps():
    """Chapter 9.3: how often a map points at the lesion, beyond what noise does."""
    from companion.evaluation.intervals import mean_estimate

    maps = read_table("explanations")["maps"]
    for model in maps:
        points = {
            name: np.array(maps[model][name]["points at lesion"]) for name in ("grad_cam", "noise")
        }
        gain = mean_estimate(points["grad_cam"] - points["noise"], bounds=(-1, 1))
        yield (f"Grad-CAM beyond noise, {model} network: {gain:+.3f}")


def _diagnosis():
    for metric in ("auroc", "specificity"):
        runs = _runs("test", metric)
        name = "AUROC" if metric == "auroc" else metric
        yield f"{name} on test films: {runs.min():.3f} to {runs.max():.3f}"


def _treatment():
    """Chapter 6.2: how well a network outlines, and what a line that is too small costs."""
    runs = read_table("segmentation")["networks"]["three levels"]["runs"]
    for part, name in (("anterior", "front"), ("posterior", "back")):
        dice = [run["dice"][part][0] for run in runs]
        reached = f"{min(dice):.2f} to {max(dice):.2f}"
        yield f"Dice, {name} of the hippocampus, {len(dice)} seeds: {reached}"
    plans = {
        (p["kind"], p["error_mm"], p["margin_mm"]): p for p in read_table("contour_dose")["plans"]
    }
    doses = [plans[kind, size, 0.0]["d95_gy"] for kind, size in (("right", 0.0), ("shrunk", 3.0))]
    yield "Gy in 95 % of the target, line right and 3 mm too small: {:.1f}, {:.1f}".format(*doses)


def _prognosis():
    """Chapter 6.3: how well history and image order women by when their cancer comes back."""
    scores = read_table("prognosis_models")["women"]["day 0"]["scores"]
    for name in ("history", "first MRI"):
        value, low, high = scores[name]["Uno's C"]
        yield f"Uno's C of the {name}: {value:.2f} [{low:.2f}, {high:.2f}]"


def _memory():
    """Chapter 3.2: how many steps back recurrent networks remember a signal."""
    stored = read_table("delayed_recall")
    delay = stored["delays"][2]
    for name in ("LSTM", "LSTM, forget bias 3"):
        seeds = np.array(stored["accuracy"][name][str(delay)])
        yield (
            f"a signal {delay} steps back, accuracy of the {name}: "
            f"{np.median(seeds):.2f} [{seeds.min():.2f}, {seeds.max():.2f}]"
        )


def _intervals():
    held = [
        100 * share
        for row in read_table("interval_coverage")["rows"].values()
        for share in row.values()
        if share is not None
    ]
    good = sum(93 <= share <= 97 for share in held)
    yield (f"95 % intervals that hold in 93 to 97 % of studies: {good} of {len(held)}")


#: By claim: the function that reads its numbers.
CLAIMS = {
    "features": _features,
    "accuracy": _accuracy,
    "false alarms": _false_alarms,
    "maps": _maps,
    "diagnosis": _diagnosis,
    "treatment": _treatment,
    "prognosis": _prognosis,
    "memory": _memory,
    "intervals": _intervals,
}
