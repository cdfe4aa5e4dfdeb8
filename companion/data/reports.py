"""Radiology reports that no radiologist wrote: sentences put together by a program.

Real reports are private, or may not be passed on. These are made of a few templates, and say
nothing about how well a program reads real ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from companion.checks import check_choice

#: Two hospitals that say the same in other words.
PHRASINGS = ("own", "other")

_SIDES = ("right", "left")
_ZONES = ("upper", "middle", "lower")
_WHY = (
    "Cough and fever. Query pneumonia.",
    "Fever for three days.",
    "Suspected consolidation.",
    "Cough, pneumonia?",
)
_FINDINGS = {
    ("own", 1): (
        "Consolidation in the {side} {zone} lobe.",
        "There is a new opacity in the {side} {zone} zone, in keeping with pneumonia.",
        "Opacity in the {side} {zone} zone has increased.",
        "Dense consolidation of the {side} lung, no effusion.",
    ),
    ("own", 0): (
        "No consolidation.",
        "No focal opacity, no effusion.",
        "The opacity seen before in the {side} {zone} zone has cleared.",
        "No evidence of pneumonia.",
    ),
    ("other", 1): (
        "Patchy shadowing at the {side} base, probably infective.",
        "Airspace disease in the {side} {zone} zone.",
        "The {side} {zone} zone is opaque, and pneumonia cannot be excluded.",
        "Infiltrate on the {side}, not present before.",
    ),
    ("other", 0): (
        "The lungs are clear.",
        "Without infiltrate.",
        "Consolidation on the {side} is no longer seen.",
        "Lungs free of airspace disease.",
    ),
}
_REST = (
    "Heart size normal.",
    "No pneumothorax.",
    "Nasogastric tube in place.",
    "Ribs without fracture.",
    "No effusion.",
    "Film slightly turned.",
)


@dataclass(frozen=True, eq=False)
class Reports:
    """Made-up reports with what they say.

    Attributes
    ----------
    texts : list of str
        Why the film was taken, the finding, and two more sentences.
    labels : numpy.ndarray
        int64, (N,): 1 where the finding is pneumonia.
    templates : numpy.ndarray
        int64, (N,): which template the finding came from; reports of one template are alike.
    """

    texts: list[str]
    labels: np.ndarray
    templates: np.ndarray


def make_reports(rng: np.random.Generator, count: int, *, phrasing: str = "own") -> Reports:
    """Make reports of chest films from templates, half of them with pneumonia on average.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    count : int
        How many, at least 1.
    phrasing : {"own", "other"}
        In which hospital's words.

    Returns
    -------
    Reports
        The texts and what they say.

    Raises
    ------
    ValueError
        If `count` is below 1, or the phrasing unknown.

    Examples
    --------
    >>> made = make_reports(np.random.default_rng(0), 2)
    >>> [text.split(". ")[-2] for text in made.texts], made.labels.tolist()
    (['No effusion', 'Ribs without fracture'], [1, 1])
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    check_choice("phrasing", phrasing, PHRASINGS)
    texts, labels, templates = [], rng.integers(0, 2, count), np.empty(count, np.int64)
    for row, label in enumerate(labels):
        known = _FINDINGS[phrasing, int(label)]
        number = int(rng.integers(len(known)))
        finding = known[number].format(side=rng.choice(_SIDES), zone=rng.choice(_ZONES))
        more = [_REST[place] for place in rng.permutation(len(_REST))[:2]]
        texts.append(" ".join([str(rng.choice(_WHY)), finding, *more]))
        templates[row] = number + len(known) * label
    return Reports(texts, labels.astype(np.int64), templates)
