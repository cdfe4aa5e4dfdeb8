"""From scores to decisions: thresholds, predictive values elsewhere, net benefit."""

from __future__ import annotations

import numpy as np

from companion.checks import check_labels, check_probabilities
from companion.evaluation._checks import check_scores, check_shares


def threshold_for_recall(labels: np.ndarray, scores: np.ndarray, recall: float) -> float:
    """Return the greatest threshold that finds at least a wished share of the ill.

    Choose it on validation films; what it finds elsewhere must be measured there.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1.
    scores : array_like
        (N,); a film counts as 1 from the threshold on.
    recall : float
        The wished sensitivity, above 0, at most 1.

    Returns
    -------
    float
        One of the scores of the ill.

    Raises
    ------
    ValueError
        If nobody is ill, lengths differ, a score is not finite or `recall` is out of range.

    Examples
    --------
    >>> threshold_for_recall(np.array([1, 0, 1, 1]), np.array([0.2, 0.3, 0.6, 0.9]), 0.6)
    0.6
    """
    labels, scores = _checked(labels, scores)
    if not 0 < recall <= 1:
        raise ValueError(f"recall must be above 0 and at most 1, got {recall}")
    ill = np.sort(scores[labels == 1])[::-1]
    if not len(ill):
        raise ValueError("labels must hold a 1, got none")
    return float(ill[int(np.ceil(recall * len(ill) - 1e-9)) - 1])


def predictive_values(
    recall: float, specificity: float, prevalence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what an alarm, and its absence, are worth where a disease is more or less common.

    Parameters
    ----------
    recall, specificity : float
        In [0, 1]; taken to be the same everywhere, which is itself a claim.
    prevalence : float or numpy.ndarray
        In [0, 1].

    Returns
    -------
    tuple of numpy.ndarray
        Positive predictive value: share of ill among the alarmed. Negative predictive value:
        share of healthy among the others. NaN where there are none.

    Raises
    ------
    ValueError
        If something is outside [0, 1].

    Examples
    --------
    >>> positive, negative = predictive_values(0.9, 0.9, np.array([0.5, 0.01]))
    >>> positive.round(3).tolist(), negative.round(3).tolist()
    ([0.9, 0.083], [0.9, 0.999])
    """
    recall = check_shares("recall", recall)
    specificity = check_shares("specificity", specificity)
    prevalence = check_shares("prevalence", prevalence)
    found, missed = recall * prevalence, (1 - recall) * prevalence
    cleared = specificity * (1 - prevalence)
    alarms = (1 - specificity) * (1 - prevalence)
    with np.errstate(invalid="ignore", divide="ignore"):
        return found / (found + alarms), cleared / (cleared + missed)


def net_benefit(
    labels: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray
) -> np.ndarray:
    """Return the net benefit of treating from a probability on: ill found, less the price paid.

    The threshold is the price: who treats from one in ten on counts nine needless treatments
    as one disease missed. Treating nobody is worth 0; treating all is
    ``net_benefit(labels, np.ones(N), thresholds)``.

    Parameters
    ----------
    labels : array_like
        (N,), 0 or 1.
    probabilities : array_like
        (N,), in [0, 1].
    thresholds : array_like
        (T,), at least 0, below 1.

    Returns
    -------
    numpy.ndarray
        float, (T,): at most the prevalence; in ill found a film.

    Raises
    ------
    ValueError
        If lengths differ, a probability is not one, or a threshold is out of range.

    References
    ----------
    Vickers and Elkin, Medical Decision Making 26, 565 (2006). doi:10.1177/0272989X06295361

    Examples
    --------
    >>> labels, sure = np.array([1, 0, 0, 1]), np.array([0.9, 0.6, 0.1, 0.4])
    >>> net_benefit(labels, sure, np.array([0.2, 0.5])).tolist()
    [0.4375, 0.0]
    """
    labels = check_labels("labels", labels)
    probabilities = check_probabilities("probabilities", probabilities, count=len(labels))
    thresholds = np.asarray(thresholds, float)
    if thresholds.ndim != 1 or not np.all((thresholds >= 0) & (thresholds < 1)):
        raise ValueError(f"thresholds must be (T,), at least 0 and below 1, got {thresholds}")
    treated = probabilities >= thresholds[:, None]
    price = thresholds / (1 - thresholds)
    return (treated & (labels == 1)).mean(axis=1) - price * (treated & (labels == 0)).mean(axis=1)


def explain_gap(
    seen: tuple[np.ndarray, np.ndarray],
    met: tuple[np.ndarray, np.ndarray],
    *,
    threshold: float = 0.5,
) -> dict[str, float]:
    """Split the loss of accuracy between two sets of films into three parts that add up to it.

    Parameters
    ----------
    seen, met : tuple of array_like
        Labels (N,) and scores (N,), for example of validation and of test; both classes present.
    threshold : float
        Scores from here on count as 1.

    Returns
    -------
    dict of str to float
        "seen" and "met", the accuracies, and between them, as differences: "prevalence", were
        recall and specificity the same; "ranking", what no threshold could win back;
        "threshold", what another one could have won back, known only afterwards.

    Raises
    ------
    ValueError
        If lengths differ, a class is missing or a score is not finite.

    Examples
    --------
    >>> seen = np.array([0, 1, 1, 1]), np.array([0.2, 0.8, 0.8, 0.8])
    >>> met = np.array([0, 0, 1, 1]), np.array([0.6, 0.6, 0.8, 0.8])
    >>> {part: round(float(value), 2) for part, value in explain_gap(seen, met).items()}
    {'seen': 1.0, 'prevalence': 0.0, 'ranking': 0.0, 'threshold': -0.5, 'met': 0.5}
    """
    seen, met = _checked(*seen), _checked(*met)
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold}")
    share = met[0].mean()
    others = np.unique(np.concatenate([seen[1], met[1], [np.inf]]))
    mixture, best_mixture = _accuracies(*seen, share, threshold, others)
    accuracy, best = _accuracies(*met, share, threshold, others)
    before = _accuracies(*seen, np.mean(seen[0]), threshold, others)[0]
    return {
        "seen": before,
        "prevalence": mixture - before,
        "ranking": best - best_mixture,
        "threshold": (accuracy - best) - (mixture - best_mixture),
        "met": accuracy,
    }


def _accuracies(labels, scores, prevalence, threshold, others):
    """Return the accuracy at a prevalence, and that at the best of the thresholds."""
    ill, normal = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    if not (len(ill) and len(normal)):
        raise ValueError(f"labels must hold 0 and 1, both, got {np.unique(labels).tolist()}")
    thresholds = np.append(others, threshold)
    recall = 1 - np.searchsorted(ill, thresholds) / len(ill)
    specificity = np.searchsorted(normal, thresholds) / len(normal)
    accuracy = prevalence * recall + (1 - prevalence) * specificity
    return float(accuracy[-1]), float(accuracy.max())


def _checked(labels, scores):
    labels = check_labels("labels", labels)
    return labels, check_scores("scores", scores, count=len(labels))
