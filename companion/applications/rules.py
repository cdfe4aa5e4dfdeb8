"""A network beside rules: findings that a doctor knows, and what each kind of mistake costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import expit, logit

from companion.applications._numbers import matrix
from companion.checks import check_choice, check_labels, check_probabilities

#: Share of the ill and of the healthy who have each sign. Made up, for teaching.
SIGNS: dict[str, tuple[float, float]] = {
    "fever": (0.80, 0.35),
    "fast breathing": (0.60, 0.15),
    "low oxygen": (0.35, 0.05),
}
#: Ways to put the network and the rules together.
WAYS = ("network", "rules", "either", "both or a doctor", "evidence")


def draw_signs(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw signs of illness for films that come without any: simulated, independent.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        int64, (N, 3), 0 or 1, in the order of :data:`SIGNS`.

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1.

    Examples
    --------
    >>> draw_signs([0, 1], np.random.default_rng(0)).shape
    (2, 3)
    """
    labels = check_labels("labels", labels)
    shares = np.array([SIGNS[name] for name in SIGNS])  # (3, 2): of the ill, of the healthy
    chance = np.where(labels[:, None] == 1, shares[:, 0], shares[:, 1])
    return (rng.random(chance.shape) < chance).astype(np.int64)


def add_evidence(
    probabilities: np.ndarray,
    signs: np.ndarray,
    shares: Mapping[str, tuple[float, float]] = SIGNS,
) -> np.ndarray:
    """Return the probability of illness when signs are added to a network's: Bayes' rule.

    Each sign multiplies the odds by how much commoner it is among the ill, which is right if
    the signs are independent of one another, and of the film, among the ill and the healthy.

    Parameters
    ----------
    probabilities : array_like
        (N,), in [0, 1]: from the film.
    signs : array_like
        (N, K), 0 or 1.
    shares : mapping of str to tuple of float
        Of K signs: the share of the ill and of the healthy who have it, between 0 and 1.

    Returns
    -------
    numpy.ndarray
        float64, (N,), in [0, 1].

    Raises
    ------
    ValueError
        If shapes differ or a number is out of range.

    Examples
    --------
    >>> found = add_evidence([0.5, 0.5], [[1], [0]], {"fever": (0.8, 0.4)})
    >>> found.round(3).tolist()
    [0.667, 0.25]
    """
    of_ill = check_probabilities("probabilities", probabilities)
    signs = matrix("signs", signs, len(shares))
    if len(signs) != len(of_ill) or not np.isin(signs, (0, 1)).all():
        raise ValueError(f"signs must be ({len(of_ill)}, {len(shares)}), 0 or 1")
    rates = np.array([shares[name] for name in shares], np.float64)
    if (rates <= 0).any() or (rates >= 1).any():
        raise ValueError(f"shares must be between 0 and 1, got {rates.tolist()}")
    ill, healthy = rates.T
    gains = np.where(signs == 1, np.log(ill / healthy), np.log((1 - ill) / (1 - healthy)))
    with np.errstate(divide="ignore"):
        return expit(logit(of_ill) + gains.sum(axis=1))


def decide(
    probabilities: np.ndarray, signs: np.ndarray, way: str, *, threshold: float = 0.5
) -> np.ndarray:
    """Return a decision for each child: 1 alarm, 0 all clear, -1 a doctor looks.

    The rule says ill if a child has at least two signs.

    Parameters
    ----------
    probabilities : array_like
        (N,), in [0, 1]: from the film.
    signs : array_like
        (N, K), 0 or 1.
    way : {"network", "rules", "either", "both or a doctor", "evidence"}
        The network alone; the rule alone; an alarm if one of them says so; a doctor where they
        disagree; the threshold on what :func:`add_evidence` returns.
    threshold : float
        Probabilities from here on are an alarm.

    Returns
    -------
    numpy.ndarray
        int64, (N,).

    Raises
    ------
    ValueError
        If shapes differ, a number is out of range, or the way is unknown.

    Examples
    --------
    >>> decide([0.9, 0.2], [[0, 0, 0], [0, 0, 0]], "both or a doctor").tolist()
    [-1, 0]
    """
    check_choice("way", way, WAYS)
    of_ill = check_probabilities("probabilities", probabilities)
    signs = matrix("signs", signs)
    if len(signs) != len(of_ill):
        raise ValueError(f"signs must be ({len(of_ill)}, K), got shape {signs.shape}")
    network, rule = of_ill >= threshold, signs.sum(axis=1) >= 2
    if way == "both or a doctor":
        return np.where(network == rule, rule, -1).astype(np.int64)
    if way == "evidence":
        return (add_evidence(of_ill, signs) >= threshold).astype(np.int64)
    return {"network": network, "rules": rule, "either": network | rule}[way].astype(np.int64)


def cost_of(
    labels: np.ndarray, decisions: np.ndarray, *, miss: float, false_alarm: float, doctor: float
) -> np.ndarray:
    """Return what each decision costs.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1.
    decisions : array_like
        (N,): 1 alarm, 0 all clear, -1 a doctor looks, who is taken to be right.
    miss, false_alarm, doctor : float
        Cost of an ill child sent home, of a healthy one treated, and of a doctor's look; in one
        unit, at least 0.

    Returns
    -------
    numpy.ndarray
        float64, (N,).

    Raises
    ------
    ValueError
        If lengths differ or something is out of range.

    Examples
    --------
    >>> cost_of([1, 0, 0], [0, 1, -1], miss=10, false_alarm=1, doctor=0.5).tolist()
    [10.0, 1.0, 0.5]
    """
    labels = check_labels("labels", labels)
    decisions = np.asarray(decisions)
    if decisions.shape != labels.shape or not np.isin(decisions, (-1, 0, 1)).all():
        raise ValueError(f"decisions must be ({len(labels)},), each 1, 0 or -1")
    if min(miss, false_alarm, doctor) < 0:
        raise ValueError(f"costs must be at least 0, got {miss}, {false_alarm}, {doctor}")
    wrong = np.where(labels == 1, miss, false_alarm) * (decisions != labels)
    return np.where(decisions == -1, doctor, wrong).astype(np.float64)
