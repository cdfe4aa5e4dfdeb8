"""A heart whose beat is known, noise that has none, and the real loop."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from scipy.ndimage import gaussian_filter1d

from companion.applications import find_heartbeat, find_repeats, frame_similarity
from companion.data import read_cine

TIME_S = np.arange(120) / 30


def heart(rng, period=0.9, *, jitter=0.0, noise=0.5, time_s=TIME_S, drift=0.0):
    """A ring that grows and shrinks; also the mean of the whole periods in the loop."""
    beats = period * (1 + jitter * rng.normal(size=int(time_s[-1] / period) + 6))
    edges = np.r_[0, np.cumsum(beats)] - rng.uniform(0, period)
    phase = np.interp(time_s, edges, np.arange(len(edges)))
    radius = 8 + 3 * np.sin(2 * np.pi * phase) + 1.5 * np.cos(4 * np.pi * phase)
    y, x = np.mgrid[:32, :32]
    moved = x - 16 - drift * time_s[:, None, None]
    frames = (np.hypot(y - 16, moved) < radius[:, None, None]).astype(float)
    inside = edges[(edges >= 0) & (edges <= time_s[-1])]
    mean = float(np.diff(inside).mean()) if len(inside) > 1 else np.nan
    return frames + noise * rng.normal(size=frames.shape), mean


def beat_of(frames, time_s=TIME_S):
    return find_heartbeat(frames, time_s, rng=np.random.default_rng(0), n_boot=100)


@pytest.mark.parametrize("rate", [45, 66, 100, 150])
@pytest.mark.parametrize("drift", [0, 1.0])
def test_finds_the_rate_of_a_planted_heart(rng, rate, drift):
    beat = beat_of(heart(rng, 60 / rate, drift=drift)[0])
    assert beat.rate_per_min.value == pytest.approx(rate, rel=0.02)
    assert beat.rate_per_min.low <= rate <= beat.rate_per_min.high
    assert beat.cycles == pytest.approx(TIME_S[-1] * rate / 60, rel=0.02)
    assert beat.period_s.value * beat.rate_per_min.value == pytest.approx(60)


def test_the_interval_holds_the_mean_period_of_the_loop():
    rng, held = np.random.default_rng(5), []
    for _ in range(40):
        frames, mean = heart(rng, jitter=0.03)
        period = beat_of(frames).period_s
        held.append(period.low <= mean <= period.high)
    assert 0.85 <= np.mean(held) <= 1, "95 % are promised; 40 loops are few"


def test_repeated_frames_are_found_and_do_not_slow_the_heart(rng):
    """A device of 28 frames a second, shown at 30: every 16th frame comes twice."""
    time_s = np.arange(150) / 30
    seen = np.floor(time_s * 28.2) / 28.2
    frames = heart(rng, 0.9, time_s=seen[np.r_[True, np.diff(seen) > 0]])[0]
    shown = frames[np.cumsum(np.r_[False, np.diff(seen) > 0])]
    repeated = np.r_[False, np.diff(seen) == 0]
    assert repeated.sum() > 5
    np.testing.assert_array_equal(find_repeats(shown), repeated)
    beat = beat_of(shown, time_s)
    np.testing.assert_array_equal(beat.repeated, repeated)
    assert beat.period_s.value == pytest.approx(0.9, rel=0.02)


def test_noise_and_wandering_are_refused():
    rng, found = np.random.default_rng(1), {"noise": 0, "walk": 0, "smooth": 0}
    for _ in range(12):
        noise = rng.random((120, 16, 16))
        smooth = gaussian_filter1d(rng.normal(size=(120, 10)), 2, axis=0) @ rng.normal(
            size=(10, 64)
        )
        films = {"noise": noise, "walk": np.cumsum(noise - 0.5, 0), "smooth": smooth[:, None]}
        for name, frames in films.items():
            try:
                beat_of(np.ascontiguousarray(frames))
                found[name] += 1
            except ValueError as problem:
                assert "stands out" in str(problem)
    assert found["noise"] == 0
    assert found["walk"] <= 2
    assert found["smooth"] <= 3, "by chance, a few seconds may look periodic"


def test_a_heart_under_too_much_noise_is_refused_and_not_guessed(rng):
    with pytest.raises(ValueError, match="no period from 0.33 to 1.50 s stands out"):
        beat_of(heart(rng, noise=12)[0])


@pytest.mark.parametrize("cycles", [1.0, 1.5, 1.9])
def test_fewer_than_two_cycles_are_refused(rng, cycles):
    time_s = np.arange(0, 1.3 * cycles, 1 / 30)
    with pytest.raises(ValueError, match="stands out.*fewer than two cycles"):
        beat_of(heart(rng, 1.3, time_s=time_s, noise=0.1)[0], time_s)


def test_bad_input_is_named(rng):
    frames = heart(rng)[0]
    for time_s in (TIME_S[:-1], TIME_S[::-1], np.r_[TIME_S[:-1], np.nan], np.zeros(120)):
        with pytest.raises(ValueError, match="finite and rising"):
            beat_of(frames, time_s)
    with pytest.raises(ValueError, match="two cycles, got 0.63 s"):
        beat_of(frames[:20], TIME_S[:20])
    with pytest.raises(ValueError, match="must move"):
        beat_of(np.ones((120, 16, 16)) + np.arange(120)[:, None, None] % 2 * 1e-12)
    with pytest.raises(ValueError, match="finite"):
        beat_of(np.where(frames > 5, frames, np.nan))
    gap = np.r_[TIME_S[:60], TIME_S[60:] + 9]
    with pytest.raises(ValueError, match="too uneven"):
        beat_of(frames, gap)
    with pytest.raises(ValueError, match="n_boot"):
        find_heartbeat(frames, TIME_S, rng=rng, n_boot=10)


def test_similarity_is_a_correlation_of_what_moves(rng):
    frames = heart(rng, 1.0, noise=0)[0]
    alike = frame_similarity(frames, TIME_S)
    np.testing.assert_allclose(np.diag(alike), 1)
    np.testing.assert_allclose(alike, alike.T)
    assert np.abs(alike).max() <= 1 + 1e-9
    assert alike[40, 70] > 0.9 > 0 > alike[40, 55], "one period later, and half of one"
    np.testing.assert_allclose(frame_similarity(3 * frames + 7, TIME_S), alike, atol=1e-9)


def test_the_real_loop_beats_65_times_a_minute():
    cine = read_cine(get_testdata_file("color3d_jpeg_baseline.dcm"))
    beat = find_heartbeat(cine.frames, cine.time_s, rng=np.random.default_rng(0))
    assert np.nonzero(beat.repeated)[0].tolist() == [11, 28, 44, 61, 77, 94, 110]
    assert 64 <= beat.rate_per_min.value <= 67
    assert 58 <= beat.rate_per_min.low < beat.rate_per_min.high <= 72
    assert 4 < beat.cycles < 5
    # By hand: the greatest similarity near one, two and three periods.
    for multiple in (1, 2, 3):
        near = np.abs(beat.lags_s - multiple * 0.92) < 0.2
        at = beat.lags_s[near][np.argmax(beat.similarity[near])]
        assert 64 <= 60 * multiple / at <= 67.5
