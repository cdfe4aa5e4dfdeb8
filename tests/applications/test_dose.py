"""Dose-volume numbers by hand arithmetic, and against pyRadPlan, whose ``get_dy`` is wrong."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from companion.applications import (
    conformity_index,
    dose_at_volume,
    dose_table,
    dose_volume_histogram,
    homogeneity_index,
    volume_at_dose,
)

#: 101 voxels of 0 to 100 Gy: p percent of them get at least (100 - p) Gy.
RAMP = np.arange(101.0).reshape(1, 1, 101)
ALL = np.ones(RAMP.shape, bool)


@pytest.fixture(scope="module")
def library():
    """Return pyRadPlan's DVH; importing it warns."""
    pytest.importorskip("pyRadPlan", reason="the extra [planning] is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyRadPlan.analysis import DVH

        yield DVH


@pytest.fixture
def drawn(rng):
    """Return a dose and a mask that are no ramp."""
    return rng.gamma(4, 10, (6, 9, 7)), rng.random((6, 9, 7)) < 0.4


@pytest.mark.parametrize(("percent", "dose"), [(0, 100), (2, 98), (50, 50), (95, 5), (100, 0)])
def test_a_ramp_has_the_dose_at_volume_of_its_arithmetic(percent, dose):
    assert dose_at_volume(RAMP, ALL, percent) == pytest.approx(dose, abs=1e-12)


def test_a_ramp_has_the_volume_at_dose_of_its_arithmetic():
    assert volume_at_dose(RAMP, ALL, 0) == 100
    assert volume_at_dose(RAMP, ALL, 50) == pytest.approx(100 * 51 / 101)
    assert volume_at_dose(RAMP, ALL, 100) == pytest.approx(100 / 101)
    assert volume_at_dose(RAMP, ALL, 100.5) == 0


def test_a_histogram_counts_what_gets_at_least_each_dose():
    found = dose_volume_histogram(
        RAMP, RAMP >= 50, spacing_mm=(2, 5, 10), doses_gy=np.array([0, 50, 75.5, 100, 101])
    )
    np.testing.assert_allclose(found.volume_percent, 100 * np.array([51, 51, 25, 1, 0]) / 51)
    assert found.volume_ml == pytest.approx(51 * 0.1)


def test_a_histogram_without_doses_ends_at_the_largest():
    found = dose_volume_histogram(RAMP, ALL, spacing_mm=(1, 1, 1))
    assert found.dose_gy[[0, -1]].tolist() == [0, 100]
    assert found.volume_percent[0] == 100
    assert (np.diff(found.volume_percent) <= 0).all()


def test_it_equals_the_librarys_cumulative_histogram(library, drawn):
    dose, mask = drawn
    theirs = library.compute(dose, mask.astype(np.uint8))
    ours = dose_volume_histogram(dose, mask, spacing_mm=(1, 1, 1), doses_gy=theirs.bins)
    np.testing.assert_allclose(ours.volume_percent, theirs.cumulative[1], atol=1e-9)


def test_it_equals_the_librarys_volume_at_dose(library, drawn):
    dose, mask = drawn
    theirs = library.compute(dose, mask.astype(np.uint8))
    for at_gy in theirs.bins[[0, 100, 400, 800]]:  # between its bins the library interpolates
        assert volume_at_dose(dose, mask, at_gy) == pytest.approx(theirs.get_vx(at_gy), abs=1e-9)


def test_the_librarys_dose_at_volume_is_wrong_and_ours_right(library):
    theirs = library.compute(RAMP, ALL.astype(np.uint8))
    assert theirs.get_vx(50) == pytest.approx(100 * 51 / 101, abs=0.5)  # this it knows
    # It divides percent by 100, though its volumes are percent, and interpolates on falling values.
    assert [theirs.get_dy(percent) for percent in (10, 50, 95)] == [theirs.bins[-1]] * 3
    # By hand: 10 % of the ramp get 90 Gy or more, 50 % get 50, 95 % get 5.
    assert [dose_at_volume(RAMP, ALL, p) for p in (10, 50, 95)] == pytest.approx([90, 50, 5])


def test_dose_at_volume_and_volume_at_dose_are_inverse(drawn):
    dose, mask = drawn
    for percent in (5, 50, 95):
        at = dose_at_volume(dose, mask, percent)
        assert volume_at_dose(dose, mask, at) == pytest.approx(percent, abs=100 / mask.sum())


def test_conformity_is_one_only_where_just_the_target_gets_the_dose():
    dose = np.zeros((5, 5, 5))
    target = np.zeros((5, 5, 5), bool)
    target[1:4, 1:4, 1:4] = True
    dose[target] = 50
    assert conformity_index(dose, target, 50) == 1
    assert conformity_index(dose, target, 50.1) == 0
    dose[0] = 50  # 25 voxels outside: 27 * 27 / (27 * 52)
    assert conformity_index(dose, target, 50) == pytest.approx(27 / 52)
    dose[1, 1:4, 1:4] = 0  # 9 of 27 missed: 18 * 18 / (27 * 43)
    assert conformity_index(dose, target, 50) == pytest.approx(18**2 / (27 * 43))


def test_homogeneity_is_zero_for_an_even_dose_and_known_for_a_ramp():
    assert homogeneity_index(np.full((2, 2, 2), 50.0), np.ones((2, 2, 2))) == 0
    assert homogeneity_index(RAMP, ALL) == pytest.approx((98 - 2) / 50)


def test_numbers_scale_with_the_dose(drawn):
    dose, mask = drawn
    assert dose_at_volume(2 * dose, mask, 95) == pytest.approx(2 * dose_at_volume(dose, mask, 95))
    assert homogeneity_index(2 * dose, mask) == pytest.approx(homogeneity_index(dose, mask))


def test_the_table_agrees_with_the_single_numbers(drawn):
    dose, mask = drawn
    table = dose_table(dose, {"a": mask, "b": ~mask}, spacing_mm=(2, 1, 1))
    assert table.d95_gy["a"] == dose_at_volume(dose, mask, 95)
    assert table.d10_gy["b"] == dose_at_volume(dose, ~mask, 10)
    assert table.volume_ml.sum() == pytest.approx(dose.size * 0.002)


@pytest.mark.parametrize(
    ("dose", "mask", "said"),
    [
        (RAMP, np.zeros(RAMP.shape), "mask must not be empty"),
        (RAMP, np.ones((1, 101, 1)), r"one grid, got shapes \(1, 1, 101\) and \(1, 101, 1\)"),
        (RAMP - 1, ALL, "at least 0, got -1"),
        (np.where(RAMP == 3, np.nan, RAMP), ALL, "finite, got 1 values"),
        (np.where(RAMP == 3, np.inf, RAMP), ALL, "finite, got 1 values"),
        (RAMP.astype(complex), ALL, "must be numbers"),
        (RAMP[0], ALL[0], r"must be numbers \(D, H, W\)"),
        (RAMP, 2 * ALL, "0 and 1 only"),
    ],
)
def test_what_can_not_be_right_is_refused(dose, mask, said):
    for ask in (
        lambda: dose_at_volume(dose, mask, 95),
        lambda: volume_at_dose(dose, mask, 5),
        lambda: conformity_index(dose, mask, 5),
        lambda: homogeneity_index(dose, mask),
        lambda: dose_volume_histogram(dose, mask, spacing_mm=(1, 1, 1)),
        lambda: dose_table(dose, {"a": mask}, spacing_mm=(1, 1, 1)),
    ):
        with pytest.raises(ValueError, match=said):
            ask()


@pytest.mark.parametrize("spacing_mm", [(0, 1, 1), (1, 1), (1, 1, np.nan), None, (-1, 1, 1)])
def test_a_missing_or_impossible_spacing_is_refused(spacing_mm):
    with pytest.raises(ValueError, match="spacing_mm must be 3 numbers above 0"):
        dose_volume_histogram(RAMP, ALL, spacing_mm=spacing_mm)


def test_impossible_questions_are_refused():
    with pytest.raises(ValueError, match="percent must be from 0 to 100, got 101"):
        dose_at_volume(RAMP, ALL, 101)
    with pytest.raises(ValueError, match="at_least_gy must be a dose"):
        volume_at_dose(RAMP, ALL, -1)
    with pytest.raises(ValueError, match="prescribed_gy must be above 0"):
        conformity_index(RAMP, ALL, 0)
    with pytest.raises(ValueError, match="finite and rising"):
        dose_volume_histogram(RAMP, ALL, spacing_mm=(1, 1, 1), doses_gy=np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="no homogeneity"):
        homogeneity_index(np.zeros((2, 2, 2)), np.ones((2, 2, 2)))
