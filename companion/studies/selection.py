"""How to choose among trained networks without the test films: as they are, or under shift."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.metrics import log_loss, roc_auc_score
from torch import nn

from companion.data import DRAWN_SHIFTS, OTHER_SHIFTS, shift_films
from companion.films import Films
from companion.in_torch.training import logits

#: From what :func:`validate_shifted` gives to one number, of which more is better.
RULES = {
    "loss": lambda found: -found["loss"],
    "AUROC": lambda found: found["as they are"],
    "AUROC, drawn shifts": lambda found: np.mean([found[name] for name in DRAWN_SHIFTS]),
    "AUROC, other shifts": lambda found: np.mean([found[name] for name in OTHER_SHIFTS]),
    "AUROC, worst shift": lambda found: min(found[name] for name in (*DRAWN_SHIFTS, *OTHER_SHIFTS)),
}


def validate_shifted(
    model: nn.Module,
    films: Films,
    *,
    renew: Callable[[nn.Module, np.ndarray], nn.Module] | None = None,
) -> dict[str, float]:
    """Score a network on films as they are, and on each of their simulated shifts.

    Parameters
    ----------
    model : torch.nn.Module
        Gives logits (N,).
    films : companion.films.Films
        Not of the training; both labels occur.
    renew : function, optional
        From the model and the images of one shift, without labels, to the model that answers:
        :func:`companion.studies.renormalized`.

    Returns
    -------
    dict of str to float
        "loss", the cross-entropy in nats of the films as they are; "as they are", their AUROC;
        and the AUROC under each of :data:`companion.data.SHIFTS`.

    Raises
    ------
    ValueError
        If a label does not occur, or the films are smaller than 8 x 8.

    Examples
    --------
    >>> import torch
    >>> class Brightness(nn.Module):
    ...     def forward(self, images):
    ...         return images.mean(dim=(1, 2, 3))
    >>> grey = np.array([0.2, 0.4, 0.6, 0.8]).reshape(4, 1, 1, 1) * np.ones((4, 1, 8, 8))
    >>> found = validate_shifted(Brightness(), Films(grey, [0, 1, 0, 1]))
    >>> found["as they are"], found["less contrast"]
    (0.75, 0.75)
    """
    if len(set(films.labels.tolist())) < 2:
        raise ValueError(f"films must show both labels, got only {films.labels[0]}")

    def ask(images):
        return logits(renew(model, images) if renew else model, images).numpy()

    found = ask(films.images)
    scores = {
        "loss": float(log_loss(films.labels, expit(found))),
        "as they are": float(roc_auc_score(films.labels, found)),
    }
    for name, shifted in shift_films(films).items():
        scores[name] = float(roc_auc_score(films.labels, ask(shifted.images)))
    return scores


def compare_rules(
    rules: Mapping[str, np.ndarray], outcome: np.ndarray, rng: np.random.Generator,
    *, n_boot: int = 2000,
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Tell how well each rule would have chosen among recipes, once the outcome is known.

    Parameters
    ----------
    rules : mapping of str to array_like
        By name, what the rule says of each recipe and seed, (R, S); more is better.
    outcome : array_like
        (R, S): what counts in the end, such as the AUROC on test.
    rng : numpy.random.Generator
        Of the bootstrap.
    n_boot : int
        How often recipes and seeds are drawn again.

    Returns
    -------
    dict of str to dict
        By rule: "picked", the row of the recipe whose mean is the highest; "lost", how far its
        mean outcome is below the best one; "rank correlation" (Spearman) of the means over
        seeds, with "low" and "high", a 95 % percentile interval over recipes and seeds.

    Raises
    ------
    ValueError
        If the shapes differ, or there are fewer than three recipes.

    Examples
    --------
    >>> rules = {"right": [[1, 1], [2, 2], [3, 3]], "wrong": [[3, 3], [2, 2], [1, 1]]}
    >>> found = compare_rules(rules, [[1, 1], [2, 2], [3, 3]], np.random.default_rng(0), n_boot=9)
    >>> found["wrong"]["lost"], found["wrong"]["rank correlation"]
    (2.0, -1.0)
    """
    outcome = np.asarray(outcome, np.float64)
    arrays = {name: np.asarray(said, np.float64) for name, said in rules.items()}
    shapes = {name: said.shape for name, said in arrays.items() if said.shape != outcome.shape}
    if outcome.ndim != 2 or len(outcome) < 3 or shapes:
        raise ValueError(
            f"outcome must be (R, S) of at least three recipes and every rule alike, "
            f"got {outcome.shape} and {shapes}"
        )
    count, seeds = outcome.shape
    rows = rng.integers(count, size=(n_boot, count))
    columns = rng.integers(seeds, size=(n_boot, count, seeds))
    compared = {}
    for name, said in arrays.items():
        picked = int(said.mean(axis=1).argmax())
        drawn = [
            _spearman(*(a[own[:, None], again].mean(axis=1) for a in (said, outcome)))
            for own, again in zip(rows, columns, strict=True)
        ]
        low, high = np.nanquantile(drawn, [0.025, 0.975])
        compared[name] = {
            "picked": picked,
            "lost": float(outcome.mean(axis=1).max() - outcome.mean(axis=1)[picked]),
            "rank correlation": _spearman(said.mean(axis=1), outcome.mean(axis=1)),
            "low": float(low),
            "high": float(high),
        }
    return compared


def _spearman(first, second):
    """Return the correlation of ranks; NaN where one of them does not vary."""
    ranks = rankdata(first), rankdata(second)
    if min(np.ptp(r) for r in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])
