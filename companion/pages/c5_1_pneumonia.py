"""Backstage of chapter 5.1: its own figures, and the cases of its exercises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from companion.data.images import center_square, read_image
from companion.pages.check import Case
from companion.pages.figures import COLOURS
from companion.pages.operated import packed

if TYPE_CHECKING:
    import pandas as pd

    from companion.evaluation.report import Report
    from companion.films import Films
    from companion.in_torch.models import DocumentCNN

_ZERO, _ONE = np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8)
_LOPSIDED = np.array([[0, 1], [2, 3]], np.uint8)
_LABELS, _SCORES = np.array([1, 0, 1, 1, 0, 0]), np.array([0.2, 0.3, 0.6, 0.9, 0.95, 0.05])
CASES = {
    "shared_images": [
        Case("a film that is in both once", (np.stack([_ZERO, _ONE]), _ONE[None]), 1),
        Case(
            "two equal films of the first split, both in the second",
            (np.stack([_ONE, _ONE]), np.stack([_ONE, _ZERO])),
            2,
        ),
        Case(
            "films of equal mean that differ",
            (_LOPSIDED[None], np.stack([_LOPSIDED.T, _LOPSIDED[::-1]])),
            0,
        ),
    ],
    "accuracy_at": [
        Case("nobody is ill", (0.0, 0.9, 0.5), 0.5),
        Case("everybody is ill", (1.0, 0.9, 0.5), 0.9),
        Case("one in four is ill", (0.25, 0.8, 0.4), 0.5),
    ],
    "threshold_for_recall": [
        Case("all three ill found", (_LABELS, _SCORES, 1.0), 0.2),
        Case("two of three are enough for 0.6", (_LABELS, _SCORES, 0.6), 0.6),
        Case("one of three is enough for 0.3", (_LABELS, _SCORES, 0.3), 0.9),
    ],
}


def other_pictures() -> dict[str, np.ndarray]:
    """Return four pictures that the model was not made for, as it would see them.

    Returns
    -------
    dict of str to numpy.ndarray
        float32, (28, 28), in [0, 1]: an adult's film from another hospital, which comes with
        pydicom; one grey; noise, the same each time; a photograph, which comes with scikit-learn.
    """
    from pydicom.data import get_testdata_file
    from sklearn.datasets import load_sample_image

    photograph = load_sample_image("china.jpg").mean(axis=2) / 255
    return {
        "adult film": center_square(read_image(get_testdata_file("RG1_UNCR.dcm")), 28),
        "grey square": np.full((28, 28), 0.5, np.float32),
        "noise": np.random.default_rng(0).random((28, 28), dtype=np.float32),
        "photograph": center_square(photograph, 28),
    }


def fit_logistic(train: Films, validation: Films) -> Callable[[np.ndarray], np.ndarray]:
    """Fit logistic regression on pixels, its penalty chosen on validation; return its `predict`.

    Examples
    --------
    >>> from companion.films import Films
    >>> films = Films(np.random.default_rng(0).random((8, 1, 4, 4)), np.arange(8) % 2)
    >>> fit_logistic(films, films)(films.images).shape
    (8,)
    """
    from sklearn.linear_model import LogisticRegression

    def flat(images):
        return images.reshape(len(images), -1).astype(np.float64)

    # newton-cholesky ends at the same place on every processor
    fitted = [
        LogisticRegression(C=C, solver="newton-cholesky").fit(flat(train.images), train.labels)
        for C in (0.01, 0.1)
    ]
    known = flat(validation.images), validation.labels
    best = max(fitted, key=lambda model: model.score(*known))
    return lambda images: best.predict_proba(flat(images))[:, 1]


def for_the_page(
    model: DocumentCNN, pictures: Mapping[str, tuple[np.ndarray, str]], *, mean: float
) -> dict:
    """Pack a model and small pictures for the figure ``model_in_page``.

    Parameters
    ----------
    model : companion.in_torch.models.DocumentCNN
        For images (1, 28, 28). Its weights are packed as 16-bit numbers.
    pictures : mapping of str to tuple of numpy.ndarray and str
        By name: float, (28, 28), in [0, 1], and what is known of it.
    mean : float
        The grey that erases, in [0, 1].

    Returns
    -------
    dict
        For :func:`companion.pages.operate`.

    Examples
    --------
    >>> from companion.in_torch.models import DocumentCNN
    >>> grey = np.full((28, 28), 0.5)
    >>> data = for_the_page(DocumentCNN((1, 28, 28)), {"grey": (grey, "no film")}, mean=0.5)
    >>> [layer["units"] for layer in data["layers"]]
    [32, 64, 128, 128, 1]
    """
    layers = []
    for layer in [*model.features, *model.classifier]:
        if hasattr(layer, "weight"):
            weight, bias = (part.detach().numpy() for part in (layer.weight, layer.bias))
            kind = "convolution" if weight.ndim == 4 else "dense"
            layers.append(
                {"kind": kind, "units": len(bias), "weight": packed(weight), "bias": packed(bias)}
            )
    layers[-1]["kind"] = "last"
    pixels = np.stack([np.rint(255 * picture) for picture, _ in pictures.values()])
    return {
        "layers": layers,
        "pictures": packed(pixels, "u1"),
        "names": list(pictures),
        "labels": [label for _, label in pictures.values()],
        "mean": round(float(mean), 3),
    }


def seeds_table(stored: Mapping, splits_and_metrics: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Return scores of the runs in the table ``pneumonia_seeds``, one row a run, one column a pair.

    >>> run = {"seed": 0, "test": {"scores": {"f1": [0.5, 0.4, 0.6]}}}
    >>> seeds_table({"runs": {"program": [run]}}, [("test", "f1")]).iloc[0].item()
    0.5
    """
    import pandas as pd

    rows = {
        f"{method}, seed {run['seed']}": {
            f"{metric}, {split}": run[split]["scores"][metric][0]
            for split, metric in splits_and_metrics
        }
        for method, runs in stored["runs"].items()
        for run in runs
    }
    return pd.DataFrame(rows).T.round(3)


def plot_layers(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many values each layer passes on and how many weights it holds.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`companion.in_keras.models.layer_table`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        With a logarithmic scale.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"layer": ["Dense"], "values": [1], "parameters": [129]})
    >>> plot_layers(table).get_xscale()
    'log'
    """
    ax = ax if ax is not None else plt.subplots(figsize=(7, 3.8))[1]
    rows = np.arange(len(table))
    ax.barh(rows - 0.2, table["values"], height=0.4, label="values passed on")
    ax.barh(rows + 0.2, table["parameters"], height=0.4, label="parameters")
    ax.set_yticks(rows, table["layer"])
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel="count (logarithmic scale)", xlim=(0.8, None))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def plot_curves(
    curves: Mapping[str, Sequence[Sequence[float]]],
    *,
    best: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw losses against epochs, one thin line a seed, one colour a split.

    Parameters
    ----------
    curves : mapping of str to sequences of float
        By split, then by seed: the loss of each epoch, in nats.
    best : sequence of int
        Epochs, from 1, to mark on the last split's lines, one a seed.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        Labelled.

    Examples
    --------
    >>> plot_curves({"training": [[0.5, 0.2]]}).get_xlabel()
    'epoch'
    """
    ax = ax if ax is not None else plt.subplots()[1]
    for (split, seeds), colour, style in zip(
        curves.items(), COLOURS, ("-", "--", ":"), strict=False
    ):
        for number, losses in enumerate(seeds):
            label = split if number == 0 else None
            ax.plot(np.arange(1, len(losses) + 1), losses, style, color=colour, label=label)
    for losses, epoch in zip(seeds, best, strict=False):
        ax.plot(epoch, losses[epoch - 1], "o", color=colour)
    ax.set(xlabel="epoch", ylabel="cross-entropy (nats)", ylim=(0, None))
    ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    ax.legend()
    return ax


def plot_intervals(
    reports: Mapping[str, Mapping[str, Report]], metric: str, *, ax: Axes | None = None
) -> Axes:
    """Draw one score of several models on several splits, with intervals.

    Parameters
    ----------
    reports : mapping of str to mapping of str to Report
        By split, then by model.
    metric : str
        One of :data:`companion.evaluation.report.METRICS`.
    ax : Axes, optional
        A new figure when absent.

    Returns
    -------
    Axes
        One row a model.

    Examples
    --------
    >>> from companion.evaluation.report import evaluate
    >>> report = evaluate(np.array([0, 1]), np.array([0.2, 0.9]), rng=np.random.default_rng(0))
    >>> plot_intervals({"test": {"mine": report}}, "auroc").get_xlabel()
    'auroc'
    """
    models = list(dict.fromkeys(model for split in reports.values() for model in split))
    ax = ax if ax is not None else plt.subplots(figsize=(7, 0.32 * len(models) + 0.9))[1]
    for number, ((split, by_model), colour) in enumerate(
        zip(reports.items(), COLOURS, strict=False)
    ):
        rows = np.array([models.index(model) for model in by_model]) + 0.24 * number
        values = np.array([by_model[model][metric].value for model in by_model])
        ends = np.array([[by_model[m][metric].low, by_model[m][metric].high] for m in by_model]).T
        ax.errorbar(
            values, rows, xerr=np.abs(ends - values), fmt="os^"[number], color=colour, label=split
        )
    ax.set_yticks(np.arange(len(models)), models)
    ax.invert_yaxis()
    ax.set_xlabel(metric.replace("_", " "))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(reports))
    return ax
