"""Chapter 5.2's second method beside the document's model: time, memory and scores.

Run ``python benchmarks/pneumonia_folds.py`` when nothing else runs; it needs the real data. The
method, fixed before the second search was run: the three recipes that cross-validation over looks
ranks first, for it cannot tell such neighbours apart. Of each one network is trained (--members 6:
two), which was settled while the search ran. All else is as in pneumonia.py, from seeds of its own.
"""

from __future__ import annotations

from pneumonia import RULE, main

from companion.pages import read_table
from companion.pages.c5_2_better import DOCUMENT, RENORMALIZED, folds_table


def three_best():
    """Return the recipes that the second search ranks first; not what only answers differently."""
    ranked = folds_table(read_table("recipe_folds"))[RULE].drop([DOCUMENT, RENORMALIZED])
    return list(ranked.nlargest(3).index)


if __name__ == "__main__":
    main(
        __doc__, {"the three best": three_best()}, first_seed=1000, members=3,
        stored="pneumonia_folds.json",
    )  # fmt: skip
