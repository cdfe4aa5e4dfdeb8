"""Cross-validation over looks: films that look unlike all that a network has learned from."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from companion.films import Films


def group_by_look(
    films: Films, *, groups: int = 3, components: int = 8, seed: int = 0
) -> np.ndarray:
    """Sort films into groups that look alike, without their labels.

    Each film is described by its share of the first principal components of all films, which
    hold what varies most: brightness, position, the shape of the body. k-means cuts them.

    Parameters
    ----------
    films : companion.films.Films
        At least as many as groups.
    groups : int
        How many, at least 2.
    components : int
        How many principal components.
    seed : int
        Of k-means' ten starts.

    Returns
    -------
    numpy.ndarray
        int64, (N,): the group of each film, from 0 on, group 0 being the largest.

    Raises
    ------
    ValueError
        If there are fewer than two groups, fewer films than groups or components, or a group
        lacks one of the labels: on it no AUROC could be measured.

    References
    ----------
    Lloyd, IEEE Transactions on Information Theory 1982 (k-means).

    Examples
    --------
    >>> dark = np.full((4, 1, 8, 8), 0.2) + np.arange(4).reshape(4, 1, 1, 1) / 100
    >>> films = Films(np.concatenate([dark, dark[:3] + 0.5]), [0, 1, 0, 1, 0, 1, 0])
    >>> group_by_look(films, groups=2, components=1).tolist()
    [0, 0, 0, 0, 1, 1, 1]
    """
    least = min(len(films), films.images[0].size)
    if not (2 <= groups <= len(films) and 1 <= components <= least):
        raise ValueError(
            f"groups must be 2 to {len(films)} and components 1 to {least}, "
            f"got {groups} and {components}"
        )
    pixels = films.images.reshape(len(films), -1)
    found = PCA(components, svd_solver="full").fit_transform(pixels)
    raw = KMeans(groups, n_init=10, random_state=seed).fit_predict(found)
    sizes = np.bincount(raw, minlength=groups)
    rank = np.empty(groups, np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(groups)
    group = rank[raw]
    for number in range(groups):
        labels = films.labels[group == number]
        if len(set(labels.tolist())) < 2:
            raise ValueError(
                f"films must allow groups with both labels, but group {number} of {groups} holds "
                f"{len(labels)} films, all labelled {labels[0]}: ask for fewer groups"
            )
    return group
