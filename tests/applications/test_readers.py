"""Radiologists' agreement on the real annotations, against independent programs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as oracle_fleiss

from companion.applications import agreement_table, outline_dice, rating_table, reader_counts
from companion.data import RATINGS, outlines, read_nodules
from companion.data.nodules import Nodules


@pytest.fixture(scope="module")
def nodules():
    return read_nodules()


@pytest.fixture(scope="module")
def table(nodules):
    return agreement_table(nodules, rng=np.random.default_rng(0), n_boot=200)


def test_who_outlined_which(nodules):
    counts = reader_counts(nodules)
    sizes = pd.Series(nodules.annotations.nodule).value_counts()
    assert counts.nodules.to_dict() == {k: int((sizes == k).sum()) for k in range(1, 5)}
    assert counts.share.sum() == pytest.approx(1)
    assert ((counts.low < counts.share) & (counts.share < counts.high)).all()


@pytest.mark.parametrize("rating", RATINGS)
def test_kappas_are_those_of_scikit_learn_and_statsmodels(nodules, table, rating):
    first, second, four = [], [], []
    for _, scores in nodules.annotations.groupby("nodule")[rating]:
        own = scores.tolist()
        if len(own) > 4:
            continue
        four += [own] if len(own) == 4 else []
        for one in range(len(own)):
            for other in range(len(own)):
                if one != other:
                    first.append(own[one])
                    second.append(own[other])
    row = table.loc[rating]
    assert row.nominal == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)
    assert row.fleiss == pytest.approx(oracle_fleiss(aggregate_raters(four)[0]), abs=1e-12)
    if rating in ("internal_structure", "calcification"):
        assert np.isnan(row[["linear", "quadratic"]].astype(float)).all()
        assert row.low < row.nominal < row.high
        return
    for weights in ("linear", "quadratic"):
        oracle = cohen_kappa_score(first, second, weights=weights)
        assert row[weights] == pytest.approx(oracle, abs=1e-12)
    assert row.low < row.quadratic < row.high


def test_every_rating_has_its_place(nodules):
    found = rating_table(nodules, "malignancy")
    annotations = nodules.annotations
    for nodule in found.index[::400]:
        own = annotations.malignancy[annotations.nodule == nodule].tolist()
        assert found.loc[nodule].dropna().tolist() == own
    with pytest.raises(ValueError, match="'size'"):
        rating_table(nodules, "size")


def nodule_of(*readers):
    """A nodule of lines by reader: each (z, rows and columns of corners' path, included)."""
    annotations, contours, points = [], [], []
    for number, lines in enumerate(readers):
        annotations.append({"annotation": number, "scan": 1, "nodule": 0})
        for z, path, included in lines:
            first = len(points)
            points += [(column, row) for row, column in path]
            contours.append((number, z, included, first, len(points)))
    names = ["annotation", "z_mm", "included", "first", "last"]
    return Nodules(
        pd.DataFrame({"pixel_spacing_mm": [0.5]}, index=[1]),
        pd.DataFrame(annotations).set_index("annotation"),
        pd.DataFrame(contours, columns=names),
        np.array(points),
    )


def square(low, high):
    """The pixels of a square line from corner (low, low) to (high, high)."""
    side = range(low, high)
    return [
        *[(low, at) for at in side], *[(at, high) for at in side],
        *[(high, low + high - at) for at in side], *[(low + high - at, low) for at in side],
    ]  # fmt: skip


def test_overlap_by_hand():
    """Inside the line from 0 to 6 lie 25 pixels, from 0 to 4 lie 9, from 2 to 8 lie 25."""
    large, small = [(1.0, square(0, 6), True)], [(1.0, square(0, 4), True)]
    moved, above = [(1.0, square(2, 8), True)], [(2.0, square(0, 6), True)]
    found = outline_dice(nodule_of(large, small, moved, above), 0).to_numpy()
    np.testing.assert_allclose(np.diag(found), 1)
    np.testing.assert_allclose(found, found.T)
    assert found[0, 1] == pytest.approx(2 * 9 / (25 + 9))
    assert found[0, 2] == pytest.approx(2 * 9 / 50), "rows and columns 3 to 5"
    assert found[0, 3] == 0, "another slice"


def test_a_hole_is_taken_away_with_its_line():
    holed = [(1.0, square(0, 8), True), (1.0, square(2, 6), False)]
    whole = [(1.0, square(0, 8), True)]
    found = outline_dice(nodule_of(holed, whole), 0).to_numpy()
    assert found[0, 1] == pytest.approx(2 * 24 / (24 + 49))


def test_a_line_around_nothing_has_no_overlap():
    found = outline_dice(nodule_of([(1.0, [(3, 3)], True)], [(1.0, square(0, 6), True)]), 0)
    assert np.isnan(found.to_numpy()[0]).all()
    assert found.iloc[1, 1] == 1
    with pytest.raises(ValueError, match="nodule 9 is not among"):
        outline_dice(nodule_of([(1.0, square(0, 6), True)]), 9)


def inside_by_matplotlib(lines):
    """The pixels inside a reader's lines, by another program: point by point."""
    found, holes = set(), set()
    for line in lines:
        z, edge = round(line.z_mm, 3), set(map(tuple, line.pixels.tolist()))
        low, high = line.pixels.min(0) - 1, line.pixels.max(0) + 2
        grid = np.stack(np.mgrid[low[0] : high[0], low[1] : high[1]], -1).reshape(-1, 2)
        held = Path(line.pixels).contains_points(grid, radius=0) if len(edge) > 2 else [False]
        inside = set(map(tuple, grid[np.resize(held, len(grid))].tolist()))
        target = found if line.included else holes
        target |= {(z, *p) for p in (inside - edge if line.included else inside | edge)}
    return found - holes


def test_overlaps_of_real_nodules_are_those_of_another_program(nodules):
    four = nodules.annotations.groupby("nodule").size()
    values = []
    for nodule in four.index[four == 4][::60]:
        found = outline_dice(nodules, nodule)
        masks = [inside_by_matplotlib(lines) for lines in outlines(nodules, nodule).values()]
        expected = [[2 * len(a & b) / (len(a) + len(b)) for b in masks] for a in masks]
        # The two take a pixel here and there differently where a line crosses itself.
        np.testing.assert_allclose(found, expected, atol=0.005)
        values += found.to_numpy()[np.triu_indices(4, 1)].tolist()
    assert 0.7 < np.mean(values) < 0.9
