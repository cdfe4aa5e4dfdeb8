"""Small random changes of films that leave the label true: drawn here, applied there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import affine_transform

from companion.checks import check_array, check_images


@dataclass(frozen=True, eq=False)
class Affine:
    """How to turn, zoom and shift each of N films.

    Attributes
    ----------
    angle_deg : numpy.ndarray
        float, (N,), in degrees, from the row axis towards the column axis.
    zoom : numpy.ndarray
        float, (N,), above 1 enlarges.
    shift : numpy.ndarray
        float, (N, 2), down and right, as a share of the height and of the width.

    Raises
    ------
    ValueError
        If an array has another shape, is not finite, or a zoom is not above 0.
    """

    angle_deg: np.ndarray
    zoom: np.ndarray
    shift: np.ndarray

    def __post_init__(self):
        """Check what was given."""
        count = np.size(self.zoom)
        for name, shape in (("angle_deg", (count,)), ("zoom", (count,)), ("shift", (count, 2))):
            values = np.asarray(getattr(self, name), np.float64)
            if values.shape != shape or not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite {shape}, got {values.tolist()}")
            object.__setattr__(self, name, values)
        if (self.zoom <= 0).any():
            raise ValueError(f"zoom must be above 0, got {self.zoom.tolist()}")


def draw_affine(
    rng: np.random.Generator,
    count: int,
    *,
    angle_deg: float = 8.0,
    zoom: float = 0.1,
    shift: float = 0.06,
) -> Affine:
    """Draw one change a film, evenly within the limits.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    count : int
        How many films.
    angle_deg : float
        Greatest turn either way, in degrees.
    zoom : float
        Greatest enlargement or reduction, as a share of the size; below 1.
    shift : float
        Greatest shift either way, as a share of height and width.

    Returns
    -------
    Affine
        For :func:`apply_affine`.

    Raises
    ------
    ValueError
        If a limit is negative or not finite, or `zoom` is not below 1.

    Examples
    --------
    >>> bool(abs(draw_affine(np.random.default_rng(0), 5).angle_deg).max() <= 8)
    True
    """
    if not (0 <= angle_deg < np.inf and 0 <= zoom < 1 and 0 <= shift < np.inf):
        raise ValueError(
            f"angle_deg, zoom and shift must be at least 0 and zoom below 1, "
            f"got {angle_deg}, {zoom} and {shift}"
        )
    return Affine(
        angle_deg=rng.uniform(-angle_deg, angle_deg, count),
        zoom=rng.uniform(1 - zoom, 1 + zoom, count),
        shift=rng.uniform(-shift, shift, (count, 2)),
    )


def apply_affine(images: np.ndarray, change: Affine) -> np.ndarray:
    """Turn, zoom and shift films about their middle; what comes in from outside repeats the edge.

    There is no mirroring: a mirrored chest has its heart on the wrong side.

    Parameters
    ----------
    images : numpy.ndarray
        float32 or float64, (N, C, H, W).
    change : Affine
        One entry a film.

    Returns
    -------
    numpy.ndarray
        Like `images`; linear interpolation, so no pixel leaves the range of its film.

    Raises
    ------
    ValueError
        If `images` are not finite floats (N, C, H, W), or `change` is of another number of films.

    Examples
    --------
    >>> film = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    >>> down = Affine(np.zeros(1), np.ones(1), np.array([[1 / 3, 0]]))
    >>> apply_affine(film, down)[0, 0].tolist()
    [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    """
    check_array("images", images, "N C H W")
    if len(images) != len(change.zoom):
        raise ValueError(
            f"images must be ({len(change.zoom)}, C, H, W), as many as changes, "
            f"got shape {images.shape}"
        )
    changed = np.empty(images.shape, images.dtype)
    middle = (np.array(images.shape[2:]) - 1) / 2
    turns = np.deg2rad(change.angle_deg)
    for film, turn, zoom, shift, into in zip(
        images, turns, change.zoom, change.shift, changed, strict=True
    ):
        cos, sin = np.cos(turn) / zoom, np.sin(turn) / zoom
        back = np.array([[cos, sin], [-sin, cos]])
        offset = middle - back @ (middle + shift * film.shape[1:])
        for channel, target in zip(film, into, strict=True):
            affine_transform(channel, back, offset, output=target, order=1, mode="nearest")
    return changed


def augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a small change for each film and apply it, with the limits of :func:`draw_affine`.

    Parameters
    ----------
    images : numpy.ndarray
        float32, (N, C, H, W).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        float32, (N, C, H, W).

    Examples
    --------
    >>> float(augment(np.ones((2, 1, 4, 4), np.float32), np.random.default_rng(0)).min())
    1.0
    """
    return apply_affine(images, draw_affine(rng, len(images)))


def expose(images: np.ndarray, rng: np.random.Generator, *, strength: float = 1.0) -> np.ndarray:
    """Change contrast and brightness of each film by chance, and add a little noise.

    Parameters
    ----------
    images : numpy.ndarray
        float32, (N, C, H, W), in [0, 1].
    rng : numpy.random.Generator
        Source of randomness.
    strength : float
        1: contrast times 0.7 to 1.3 about one half, brightness by up to 0.07, noise of standard
        deviation 0.01; 2: twice as much of each.

    Returns
    -------
    numpy.ndarray
        float32, (N, C, H, W), not clipped: two bright spots stay apart beyond 1.

    Raises
    ------
    ValueError
        If `strength` is negative or not finite.

    Examples
    --------
    >>> grey = np.full((1, 1, 4, 4), 0.5, np.float32)
    >>> bool(abs(expose(grey, np.random.default_rng(0)) - 0.5).max() < 0.15)
    True
    """
    check_array("images", images, "N C H W")
    if not 0 <= strength < np.inf:
        raise ValueError(f"strength must be at least 0, got {strength}")
    each = (len(images), 1, 1, 1)
    contrast = 1 + strength * rng.uniform(-0.3, 0.3, each)
    brightness = strength * rng.uniform(-0.07, 0.07, each)
    noise = strength * 0.01 * rng.standard_normal(images.shape, np.float32)
    return ((images - 0.5) * contrast + 0.5 + brightness + noise).astype(np.float32)


@dataclass(frozen=True)
class Changes:
    """What is drawn anew for each training film: an augmentation that ``in_torch.fit`` takes.

    Parameters
    ----------
    geometry : float
        1: up to 6 degrees of turn, a tenth of zoom, 4 % of shift; 2: twice as much; 0: none.
    exposure : float
        Strength of :func:`expose`; 0: none.
    mirror : bool
        Swap left and right in half of the films, which puts the heart on the wrong side.

    Raises
    ------
    ValueError
        If a number is negative or not finite.

    Examples
    --------
    >>> film = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2) / 4
    >>> Changes(geometry=0, exposure=0)(film, np.random.default_rng(0)).tolist()
    [[[[0.0, 0.25], [0.5, 0.75]]]]
    """

    geometry: float = 1.0
    exposure: float = 1.0
    mirror: bool = False

    def __post_init__(self):
        """Check the strengths."""
        if not (0 <= self.geometry < np.inf and 0 <= self.exposure < np.inf):
            raise ValueError(
                f"geometry and exposure must be at least 0, got {self.geometry}, {self.exposure}"
            )

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return changed images, float32, (N, C, H, W)."""
        if self.geometry:
            much = self.geometry
            change = draw_affine(
                rng, len(images), angle_deg=6 * much, zoom=0.1 * much, shift=0.04 * much
            )
            images = apply_affine(images, change)
        if self.mirror:
            chosen = rng.random((len(images), 1, 1, 1)) < 0.5
            images = np.where(chosen, images[..., ::-1], images)
        return expose(images, rng, strength=self.exposure) if self.exposure else images


def repeat_exposures(
    images: np.ndarray, count: int, rng: np.random.Generator, *, noise: float = 0.01
) -> np.ndarray:
    """Expose each film several times, as if the patient had hardly moved in between.

    Parameters
    ----------
    images : numpy.ndarray
        float32, (N, C, H, W), in [0, 1].
    count : int
        How many exposures of each film, at least 1.
    rng : numpy.random.Generator
        Source of randomness.
    noise : float
        Standard deviation of the noise that each exposure adds; the sum is clipped to [0, 1].

    Returns
    -------
    numpy.ndarray
        float32, (N * count, C, H, W): the exposures of one film are neighbours.

    Raises
    ------
    ValueError
        If `images` are not floats in [0, 1], `count` is below 1 or `noise` negative.

    Examples
    --------
    >>> repeat_exposures(np.zeros((2, 1, 8, 8), np.float32), 3, np.random.default_rng(0)).shape
    (6, 1, 8, 8)
    """
    images = check_images("images", images)
    if count != int(count) or count < 1 or not 0 <= noise < np.inf:
        raise ValueError(
            f"count must be a whole number of at least 1 and noise at least 0, "
            f"got {count} and {noise}"
        )
    repeated = np.repeat(images, int(count), axis=0)
    moved = draw_affine(rng, len(repeated), angle_deg=2, zoom=0.02, shift=0.02)
    exposed = apply_affine(repeated, moved) + rng.normal(0, noise, repeated.shape)
    return np.clip(exposed, 0, 1).astype(np.float32)
