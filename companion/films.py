"""Films with their labels: what every loader gives, and every training takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from companion.checks import check_groups, check_images, check_labels


@dataclass(frozen=True, eq=False)
class Films:
    """Images, labels and what else is known; row i of every array belongs to the same film.

    Parameters
    ----------
    images : numpy.ndarray
        float, (N, C, H, W), in [0, 1]; kept as float32.
    labels : array_like
        (N,), 0 or 1; kept as int64.
    masks : numpy.ndarray, optional
        bool, (N, H, W): where the lesion is.
    patients : array_like, optional
        (N,): whose film it is; kept as texts in one form.

    Raises
    ------
    ValueError
        If an array has the wrong shape, dtype, range or labels.

    Examples
    --------
    >>> films = Films(np.zeros((3, 1, 4, 4)), [0, 1, 1], patients=[7, 7.0, "007"])
    >>> len(films), films[films.labels == 1].labels.tolist(), set(films.patients.tolist())
    (3, [1, 1], {'7'})
    """

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray | None = None
    patients: np.ndarray | None = None

    def __post_init__(self):
        """Check and clean what was given."""
        images = check_images("images", self.images)
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", check_labels("labels", self.labels, count=len(images)))
        if self.masks is not None:
            masks = np.asarray(self.masks)
            shape = (len(images), *images.shape[2:])
            if masks.shape != shape or masks.dtype != bool:
                raise ValueError(f"masks must be bool {shape}, got {masks.dtype} {masks.shape}")
            object.__setattr__(self, "masks", masks)
        if self.patients is not None:
            patients = check_groups("patients", self.patients, count=len(images))
            object.__setattr__(self, "patients", patients)

    @classmethod
    def from_pixels(cls, pixels: np.ndarray, labels: np.ndarray, **more) -> Films:
        """Scale 8-bit grey pixels to [0, 1] and give them their channel.

        Parameters
        ----------
        pixels : numpy.ndarray
            uint8, (N, H, W).
        labels : array_like
            (N,), 0 or 1.
        **more
            Masks, patients.

        Returns
        -------
        Films
            Its `pixels` are the ones given.

        Raises
        ------
        ValueError
            If `pixels` are not uint8 (N, H, W).
        """
        pixels = np.asarray(pixels)
        if pixels.dtype != np.uint8 or pixels.ndim != 3:
            raise ValueError(f"pixels must be uint8 (N, H, W), got {pixels.dtype} {pixels.shape}")
        return cls((pixels / 255).astype(np.float32)[:, None], labels, **more)

    @property
    def pixels(self) -> np.ndarray:
        """Return grey films as they are stored in files: uint8, (N, H, W)."""
        if self.images.shape[1] != 1:
            raise ValueError(f"images must have one channel, got shape {self.images.shape}")
        return (self.images[:, 0] * 255).round().astype(np.uint8)

    def __len__(self) -> int:
        """Return how many films there are."""
        return len(self.images)

    def __getitem__(self, rows: slice | np.ndarray) -> Films:
        """Return the films of a slice, of a list of rows or of a mask."""
        chosen = np.arange(len(self))[rows]
        if chosen.ndim != 1 or chosen.size == 0:
            raise ValueError(f"rows must choose at least one film, got {rows!r}")
        parts = (self.images, self.labels, self.masks, self.patients)
        return Films(*(None if part is None else part[chosen] for part in parts))

    def with_images(self, images: np.ndarray) -> Films:
        """Return the same films with other pixels, for example marked or turned."""
        return replace(self, images=images)


def join_films(parts: Sequence[Films]) -> Films:
    """Put several collections of films into one, in their order.

    Parameters
    ----------
    parts : sequence of Films
        Of one size; masks and patients are kept where all have them.

    Returns
    -------
    Films
        All of them.

    Raises
    ------
    ValueError
        If there is no part, or films differ in size.

    Examples
    --------
    >>> two = Films(np.zeros((2, 1, 4, 4)), [0, 1])
    >>> len(join_films([two, two]))
    4
    """
    sizes = sorted({part.images.shape[1:] for part in parts})
    if len(sizes) != 1:
        raise ValueError(f"parts must be films of one size (C, H, W), got {sizes}")
    columns = zip(*((p.images, p.labels, p.masks, p.patients) for p in parts), strict=True)
    return Films(
        *(None if any(c is None for c in column) else np.concatenate(column) for column in columns)
    )
