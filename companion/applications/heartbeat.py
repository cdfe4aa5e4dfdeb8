"""How fast a heart beats, from how alike the frames of a cine loop are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from companion.checks import check_array
from companion.evaluation import Estimate

#: Beats per minute that are looked for.
RATES = (40.0, 180.0)
#: How alike frames must be after each whole period, and how much more so than after half ones.
LEAST_SIMILARITY, LEAST_CONTRAST = 0.3, 0.25
#: Sides of the blocks of pixels that are averaged, for speed and against speckle.
_BLOCK = 8
_STEP_S = 0.005
_LONGEST_SHARE = 0.75  # of the loop: beyond, hardly any two frames are so far apart


@dataclass(frozen=True, eq=False)
class Heartbeat:
    """A period, its rate, and what they were read from.

    Attributes
    ----------
    period_s, rate_per_min : companion.evaluation.Estimate
        The mean period of the loop and its rate, with 95 % intervals.
    contrast : float
        How much more alike frames are after whole periods than after half ones, from 0 to 2:
        the least of all multiples.
    cycles : float
        How many periods the loop holds.
    lags_s, similarity : numpy.ndarray
        float64, (L,): mean correlation of frames that are so far apart in time.
    repeated : numpy.ndarray
        bool, (T,): frames that equal the one before, which were left out.
    """

    period_s: Estimate
    rate_per_min: Estimate
    contrast: float
    cycles: float
    lags_s: np.ndarray
    similarity: np.ndarray
    repeated: np.ndarray


def find_repeats(frames: np.ndarray) -> np.ndarray:
    """Return which frames equal the one before in every pixel: shown again, not seen again.

    Parameters
    ----------
    frames : numpy.ndarray
        float, (T, H, W).

    Returns
    -------
    numpy.ndarray
        bool, (T,); the first is never a repeat.

    Raises
    ------
    ValueError
        If the frames are not finite floats (T, H, W).

    Examples
    --------
    >>> frames = np.arange(3.0)[:, None, None] * np.ones((3, 2, 2))
    >>> find_repeats(frames[[0, 1, 1, 2]]).tolist()
    [False, False, True, False]
    """
    check_array("frames", frames, "T H W")
    return np.r_[False, (frames[1:] == frames[:-1]).all((1, 2))]


def frame_similarity(frames: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Return how alike each two frames are, once their slow changes are taken away.

    From every pixel its mean over the longest period that is looked for is subtracted: what
    stays is what moves with the heart and not with the probe or the breath.

    Parameters
    ----------
    frames : numpy.ndarray
        float, (T, H, W); pixels are averaged in blocks of 8 x 8.
    time_s : array_like
        (T,), rising: when each was shown.

    Returns
    -------
    numpy.ndarray
        float64, (T, T): correlations, from -1 to 1.

    Raises
    ------
    ValueError
        If shapes differ, times do not rise, a value is not finite, or nothing moves.

    Examples
    --------
    >>> time_s = np.arange(0, 4, 0.1)
    >>> beats = np.cos(2 * np.pi * time_s)[:, None, None]
    >>> alike = frame_similarity(beats * np.eye(16), time_s)
    >>> alike[10, [15, 20, 25, 30]].round(1).tolist()  # half periods and whole ones
    [-1.0, 1.0, -1.0, 1.0]
    """
    check_array("frames", frames, "T H W")
    time_s = _check_times(time_s, len(frames))
    rows = _blocks(frames)
    near = np.abs(time_s[:, None] - time_s) <= 30 / RATES[0]  # half of the longest period
    rows = rows - (near / near.sum(1, keepdims=True)) @ rows
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    moved = length > 1e-9
    if not moved.any():
        raise ValueError("frames must move, got none that differs from the mean of its neighbours")
    # A frame just at the mean is like none.
    rows = np.divide(rows, length, out=np.zeros_like(rows), where=moved)
    return rows @ rows.T


def find_heartbeat(
    frames: np.ndarray, time_s: np.ndarray, *, rng: np.random.Generator, n_boot: int = 1000
) -> Heartbeat:
    """Read the heart's period from a cine loop, or refuse.

    Frames that were shown twice are left out; the others keep their times. The mean similarity
    of frames that are a lag apart is high at one, two, three periods. The period is the lag of
    which the multiples are most alike: each multiple counts. Of several that are nearly as good,
    as those of twice the period are, it is the shortest.

    The interval is Student's around the period, with the standard error of a bootstrap over
    blocks of neighbouring frames, each one period long (a pair of frames counts as often as its
    first frame is drawn), and one degree of freedom less than there are whole cycles. It is
    about the mean period of this loop, and knows nothing of other loops.

    Noise is refused, but a few seconds of smooth motion without a heart can look periodic by
    chance: a rate is no proof that a heart was seen.

    Parameters
    ----------
    frames : numpy.ndarray
        float, (T, H, W).
    time_s : array_like
        (T,), rising: when each was shown.
    rng : numpy.random.Generator
        Source of the resamples.
    n_boot : int
        How many, at least 100.

    Returns
    -------
    Heartbeat
        Period, rate, and the similarity by lag.

    Raises
    ------
    ValueError
        If the loop is shorter than two of the shortest periods; if no lag of at most half the
        loop stands out, as in noise, or where there are fewer than two cycles; or as
        `frame_similarity`.

    See Also
    --------
    companion.data.read_cine : Reads frames and times.

    Examples
    --------
    >>> from companion.data import read_cine
    >>> from pydicom.data import get_testdata_file
    >>> cine = read_cine(get_testdata_file("color3d_jpeg_baseline.dcm"))
    >>> beat = find_heartbeat(cine.frames, cine.time_s, rng=np.random.default_rng(0))
    >>> round(beat.rate_per_min.value), int(beat.repeated.sum()), round(beat.cycles, 1)
    (65, 7, 4.3)
    """
    check_array("frames", frames, "T H W")
    time_s = _check_times(time_s, len(frames))
    if n_boot < 100:
        raise ValueError(f"n_boot must be at least 100, got {n_boot}")
    duration = float(time_s[-1] - time_s[0])
    if duration < 2 * 60 / RATES[1]:
        raise ValueError(f"the loop must hold two cycles, got {duration:.2f} s")
    repeated = find_repeats(frames)
    times = time_s[~repeated]
    alike = frame_similarity(frames[~repeated], times)
    lags, sums, counts = _by_lag(alike, times, _LONGEST_SHARE * duration)
    if not counts.any(1).all():
        raise ValueError("time_s must have pairs of frames at every lag, got a gap: too uneven")
    curve = sums.sum(1) / counts.sum(1)
    periods = np.arange(60 / RATES[1], min(60 / RATES[0], duration / 2), _STEP_S)
    mean, least, alike_after = _contrasts(lags, curve, periods)
    clear = (least >= LEAST_CONTRAST) & (alike_after >= LEAST_SIMILARITY)
    best = _shortest_peak(mean, clear)
    if best is None:
        raise ValueError(
            f"no period from {periods[0]:.2f} to {periods[-1]:.2f} s stands out: after none do "
            f"frames correlate by {LEAST_SIMILARITY}, and by {LEAST_CONTRAST} more than after half "
            f"of it; there is no heart, or fewer than two cycles"
        )
    period = float(periods[best])
    near = periods[np.abs(periods / period - 1) < 0.25]
    weights = _block_weights(rng, times, period, n_boot)
    drawn = near[np.argmax(_contrasts(lags, _mean(sums, counts, weights, curve), near)[0], axis=0)]
    half = _half_width(drawn, cycles=int(duration / period))
    low, high = max(period - half, 1e-9), period + half
    return Heartbeat(
        period_s=Estimate(period, low, high),
        rate_per_min=Estimate(60 / period, 60 / high, 60 / low),
        contrast=float(least[best]),
        cycles=duration / period,
        lags_s=lags,
        similarity=curve,
        repeated=repeated,
    )


def _by_lag(alike, times, longest):
    """Return lags, and by lag and first frame the sum of similarities and the number of pairs.

    A pair counts for the lags within one frame's time of its own, the more the nearer.
    """
    first, second = np.triu_indices(len(times), 1)
    apart, width = times[second] - times[first], float(np.median(np.diff(times)))
    lags = np.arange(width, longest, _STEP_S)
    nearness = np.clip(1 - np.abs(lags[:, None] - apart) / width, 0, None)  # (L, pairs)
    owner = first[:, None] == np.arange(len(times))  # (pairs, T)
    return lags, (nearness * alike[first, second]) @ owner, nearness @ owner


def _mean(sums, counts, weights, curve):
    """Return the curve of each resample, (L, B); where none of its pairs is so far apart, as is."""
    number = counts @ weights
    known = np.broadcast_to(curve[:, None], number.shape).copy()
    return np.divide(sums @ weights, number, out=known, where=number > 0)


def _contrasts(lags, curve, periods):
    """Return, of each period, how much more alike frames are after it than after half of it.

    Over its multiples: the mean difference, the least, and the least similarity. What repeats
    only once, by chance, is small in the last two.
    """
    found = []
    for period in periods:
        multiples = period * np.arange(1, int(lags[-1] / period) + 1)
        whole, half = (
            curve[np.rint((at - lags[0]) / _STEP_S).astype(int).clip(0, len(lags) - 1)]
            for at in (multiples, multiples - period / 2)
        )
        found.append(((whole - half).mean(0), (whole - half).min(0), whole.min(0)))
    return [np.array(each) for each in zip(*found, strict=True)]


def _shortest_peak(mean, clear):
    """Return which period is the shortest of those that are clear peaks, nearly as high as any."""
    inner = mean[1:-1]
    peaks = 1 + np.nonzero((inner > mean[:-2]) & (inner >= mean[2:]))[0]
    peaks = peaks[clear[peaks]]
    return peaks[mean[peaks] >= 0.8 * mean[peaks].max()][0] if len(peaks) else None


def _half_width(drawn, cycles):
    """Return Student's half width: a loop of four cycles is a sample of four, however resampled."""
    from scipy.stats import t as student

    # Resampling n blocks with replacement gives the variance of a mean times (n - 1) / n.
    error = np.sqrt(np.var(drawn) * cycles / (cycles - 1) + _STEP_S**2 / 12)
    return float(student.ppf(0.975, cycles - 1) * error)


def _block_weights(rng, times, period, n_boot):
    """Return how often each frame is drawn, (T, B), in blocks of neighbours one period long."""
    count = len(times)
    size = max(1, round(period / float(np.median(np.diff(times)))))
    starts = rng.integers(0, count - size + 1, size=(n_boot, -(-count // size), 1))
    drawn = (starts + np.arange(size)).reshape(n_boot, -1)[:, :count]
    return np.stack([np.bincount(row, minlength=count) for row in drawn], axis=1).astype(float)


def _blocks(frames):
    """Return frames as rows of the means of their blocks; what does not fill a block is cut."""
    count, height, width = frames.shape
    down, across = (max(1, min(_BLOCK, side)) for side in (height, width))
    cut = frames[:, : height // down * down, : width // across * across]
    shape = (count, height // down, down, width // across, across)
    return cut.reshape(shape).mean((2, 4), dtype=np.float64).reshape(count, -1)


def _check_times(time_s, count):
    times = np.asarray(time_s, np.float64)
    if times.shape != (count,) or not np.isfinite(times).all() or not (np.diff(times) > 0).all():
        raise ValueError(f"time_s must be ({count},), finite and rising, got shape {times.shape}")
    return times
