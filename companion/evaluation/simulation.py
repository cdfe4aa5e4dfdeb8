"""Studies whose truth is known: labels and probabilities drawn from a model of a test."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit


def draw_study(
    rng: np.random.Generator,
    patients: int,
    *,
    films_each: int = 1,
    alike: float = 0.8,
    prevalence: float = 0.6,
    ill: int | None = None,
    separation: float = 2.2,
    sharpness: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a study: evidence is normal, with one mean for the ill and one for the healthy.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    patients : int
        How many patients.
    films_each : int
        Films of each patient.
    alike : float
        Share of the variance that films of one patient have in common, in [0, 1].
    prevalence : float
        Probability that a patient is ill, between 0 and 1.
    ill : int, optional
        Exactly so many patients are ill, chosen at random; the prevalence is then their share.
    separation : float
        Distance of the two means, in standard deviations: 2.2 gives an AUROC of 0.94.
    sharpness : float
        At 1 the probabilities are calibrated, above they are too sure.

    Returns
    -------
    tuple of numpy.ndarray
        Labels (int, 0 or 1), probabilities of label 1 (float, in [0, 1]) and patients (int):
        (patients * films_each,) each.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> labels, probabilities, patients = draw_study(np.random.default_rng(0), 3, films_each=2)
    >>> patients.tolist()
    [0, 0, 1, 1, 2, 2]
    """
    for name, number in (("patients", patients), ("films_each", films_each)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")
    if not 0 <= alike <= 1:
        raise ValueError(f"alike must be in [0, 1], got {alike}")
    if ill is not None:
        if not 0 < ill < patients:
            raise ValueError(f"ill must be between 0 and {patients}, the patients, got {ill}")
        prevalence = ill / patients
    if not 0 < prevalence < 1:
        raise ValueError(f"prevalence must be between 0 and 1, got {prevalence}")
    numbers = np.repeat(np.arange(patients), films_each)
    if ill is None:
        affected = (rng.random(patients) < prevalence).astype(np.int64)
    else:
        affected = rng.permutation((np.arange(patients) < ill).astype(np.int64))
    labels = affected[numbers]
    common = rng.normal(0, np.sqrt(alike), patients)[numbers]
    evidence = separation * (labels - 0.5) + common + rng.normal(0, np.sqrt(1 - alike), len(labels))
    return labels, expit(sharpness * (separation * evidence + logit(prevalence))), numbers
