"""The checkers accept the chapters' solutions and reject wrong answers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from companion import exercises

BOOK = Path(__file__).resolve().parent.parent / "book"


def solutions():
    """Every solution of every chapter: the name of the function, and its code."""
    found = {}
    for page in BOOK.glob("*.md"):
        blocks = re.findall(r"\{solution-start\}.*?\{solution-end\}", page.read_text("utf8"), re.S)
        for block in blocks:
            code = re.search(r"\{code-cell\} ipython3\n(.*?)```", block, re.S)[1]
            found[re.search(r"def (\w+)", code)[1]] = code
    return found


WRONG = {
    "shared_images": [
        lambda a, b: len(b),
        lambda a, b: sum((a[i] == b[i]).all() for i in range(min(len(a), len(b)))),
        lambda a, b: len({x.tobytes() for x in a} & {y.tobytes() for y in b}),
        lambda a, b: sum(x.mean() in {y.mean() for y in b} for x in a),
        lambda a, b: sum(any(set(x.flat) == set(y.flat) for y in b) for x in a),
    ],
    "accuracy_at": [
        lambda prevalence, recall, specificity: (recall + specificity) / 2,
        lambda prevalence, recall, specificity: (
            prevalence * specificity + (1 - prevalence) * recall
        ),
        lambda prevalence, recall, specificity: prevalence * recall,
        lambda prevalence, recall, specificity: (1 - prevalence) * specificity + recall,
    ],
    "threshold_for_recall": [
        lambda labels, scores, recall: np.quantile(scores, 1 - recall),
        lambda labels, scores, recall: np.sort(scores)[::-1][
            int(np.ceil(recall * len(scores))) - 1
        ],
        lambda labels, scores, recall: np.sort(scores[labels == 1])[
            int(np.ceil(recall * sum(labels))) - 1
        ],
        lambda labels, scores, recall: np.sort(scores[labels == 1])[::-1][
            max(int(recall * sum(labels)) - 1, 0)
        ],
        lambda labels, scores, recall: None,
    ],
}


def test_every_solution_has_a_checker_and_planted_mistakes():
    assert set(solutions()) == set(WRONG)
    for name, wrong in WRONG.items():
        assert hasattr(exercises, f"check_{name}")
        assert len(wrong) >= 3


@pytest.mark.parametrize("name", WRONG)
def test_the_chapters_solution_passes(name, capsys):
    scope = {"np": np}
    exec(solutions()[name], scope)
    getattr(exercises, f"check_{name}")(scope[name])
    assert capsys.readouterr().out.startswith("Right")


@pytest.mark.parametrize(
    ("name", "number"), [(n, i) for n, w in WRONG.items() for i in range(len(w))]
)
def test_wrong_answers_are_rejected_with_a_case(name, number):
    with pytest.raises(exercises.WrongAnswer, match=r": got .*, expected "):
        getattr(exercises, f"check_{name}")(WRONG[name][number])
