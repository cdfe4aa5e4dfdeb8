"""The beam through the phantom: Beer and Lambert, scatter, contrast, noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.data import _anatomy as anatomy
from companion.data.xray import (
    ENERGIES_KEV,
    Paths,
    attenuation_per_mm,
    contrast_to_noise,
    distance_mm,
    expected_counts,
    path_lengths,
    place_lesion,
)


def slab(body=0.0, bone=0.0, lung=0.0):
    return Paths(*(np.full((16, 16), float(mm)) for mm in (body, bone, lung)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(16, 80))
def test_the_parts_fit_into_the_body(seed, size):
    paths = path_lengths(np.random.default_rng(seed), size=size)
    assert paths.body.shape == paths.bone.shape == paths.lung.shape == (size, size)
    assert paths.lung.min() >= 0
    assert paths.bone.min() >= 0
    assert (paths.bone + paths.lung <= paths.body + 1e-9).all()
    assert paths.lung.max() > 40


def test_near_60_kev_the_coefficients_are_those_of_the_phantom():
    found = attenuation_per_mm(60)
    phantom = {
        "soft": anatomy.SOFT_PER_MM, "lung": anatomy.LUNG_PER_MM, "bone": anatomy.BONE_PER_MM,
    }  # fmt: skip
    assert found == pytest.approx(phantom, rel=0.015)


def test_the_table_itself_is_met_and_between_its_energies_nothing_jumps():
    water = [attenuation_per_mm(energy)["soft"] for energy in ENERGIES_KEV]
    np.testing.assert_allclose(water, [0.02683, 0.02269, 0.02059, 0.01837])
    bone = [10 * attenuation_per_mm(energy)["bone"] / 1.92 for energy in ENERGIES_KEV]
    np.testing.assert_allclose(bone, [0.6655, 0.4242, 0.3148, 0.2229])
    fine = [attenuation_per_mm(energy)["bone"] for energy in np.linspace(40, 80, 81)]
    assert (np.diff(fine) < 0).all()
    assert attenuation_per_mm(70)["soft"] == pytest.approx(np.sqrt(0.02059 * 0.01837), rel=0.01)


def test_ten_millimetres_of_water_by_hand():
    assert expected_counts(slab(10), photons=1)[0, 0] == pytest.approx(np.exp(-0.2059))
    assert expected_counts(slab(10, bone=10), photons=1)[0, 0] == pytest.approx(
        np.exp(-0.3148 * 1.92)
    )
    assert expected_counts(slab(10, lung=10), photons=1)[0, 0] == pytest.approx(np.exp(-0.2059 / 4))


def test_layers_multiply_whatever_their_order():
    both = expected_counts(slab(30, bone=10), photons=1)
    soft, bone = expected_counts(slab(20), photons=1), expected_counts(slab(10, bone=10), photons=1)
    np.testing.assert_allclose(both, soft * bone)


def test_scatter_takes_contrast_and_leaves_the_mean(rng):
    paths = path_lengths(rng)
    ill = place_lesion(paths, 32, 16, 24)
    region = distance_mm(paths, 32, 16) <= 6
    contrasts = [
        contrast_to_noise(*(expected_counts(p, scatter=s) for p in (paths, ill)), region)[0]
        for s in (0, 0.5)
    ]
    assert contrasts[1] < contrasts[0]
    assert expected_counts(paths, scatter=0.5).mean() == pytest.approx(
        expected_counts(paths).mean()
    )


def test_four_times_the_photons_double_the_ratio_and_keep_the_contrast(rng):
    paths = path_lengths(rng)
    ill, region = place_lesion(paths, 32, 16, 24), distance_mm(paths, 32, 16) <= 6
    (contrast, ratio), (same, more) = (
        contrast_to_noise(*(expected_counts(p, photons=n) for p in (paths, ill)), region)
        for n in (1000, 4000)
    )
    assert contrast == pytest.approx(same)
    assert more == pytest.approx(2 * ratio)


def test_the_noise_of_a_draw_has_the_standard_deviation_it_promises(rng):
    counts = expected_counts(path_lengths(rng))
    drawn = (rng.poisson(counts, (50, *counts.shape)) - counts) / np.sqrt(counts)
    assert drawn.std() == pytest.approx(1, abs=0.01)


def test_a_lesion_fills_lung_and_only_lung():
    paths = slab(100, lung=12)
    filled = place_lesion(paths, 8, 8, 40)
    assert filled.lung.min() == 0, "there is no more lung to fill than there was"
    assert filled.lung[0, 0] == 12
    np.testing.assert_array_equal(filled.body, paths.body)
    nothing = place_lesion(slab(100), 8, 8, 40)
    np.testing.assert_array_equal(expected_counts(nothing), expected_counts(slab(100)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attenuation_per_mm(39), "energy_kev must be from 40 to 80, got 39"),
        (lambda: expected_counts(slab(1), photons=0), "photons must be positive, got 0"),
        (lambda: expected_counts(slab(1), scatter=1), r"scatter must be in \[0, 1\), got 1"),
        (lambda: path_lengths(np.random.default_rng(0), size=8), "size must be at least 16"),
        (
            lambda: contrast_to_noise(np.ones((2, 2)), np.ones((2, 2)), np.zeros((2, 2), bool)),
            "region must hold at least one pixel",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
