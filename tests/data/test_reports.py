"""Made-up reports say what their label says, in two phrasings."""

from __future__ import annotations

import numpy as np
import pytest

from companion.data import make_reports
from companion.data.reports import _FINDINGS


@pytest.mark.parametrize("phrasing", ["own", "other"])
def test_every_report_holds_a_finding_of_its_label(phrasing):
    made = make_reports(np.random.default_rng(0), 300, phrasing=phrasing)
    assert len(made.texts) == len(made.labels) == len(made.templates) == 300
    assert 0.4 < made.labels.mean() < 0.6
    for text, label, template in zip(made.texts, made.labels, made.templates, strict=True):
        known = _FINDINGS[phrasing, int(label)][template % 4]
        start = known.split("{")[0]
        assert start in text


def test_the_two_phrasings_share_no_finding():
    own = {t for label in (0, 1) for t in _FINDINGS["own", label]}
    other = {t for label in (0, 1) for t in _FINDINGS["other", label]}
    assert len(own) == len(other) == 8
    assert not own & other


def test_the_same_seed_gives_the_same_reports():
    one, two = (make_reports(np.random.default_rng(4), 20).texts for _ in range(2))
    assert one == two


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        make_reports(np.random.default_rng(0), 0)
    with pytest.raises(ValueError, match="phrasing must be one of own, other, got 'mine'"):
        make_reports(np.random.default_rng(0), 2, phrasing="mine")
