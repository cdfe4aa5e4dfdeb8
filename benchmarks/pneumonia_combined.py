"""Chapter 5.2's third method beside the document's model: time, memory and scores.

Run ``python benchmarks/pneumonia_combined.py`` when nothing else runs; it needs the real data. The
method, fixed before the third round was run: of all recipes that were cross-validated over looks,
from the best downwards, as many as two cores train within nine minutes by the stored times; one
network of each. All else is as in pneumonia.py, from seeds of its own.
"""

from __future__ import annotations

from pneumonia import RULE, main

from companion.data import load_pneumonia
from companion.pages import read_table
from companion.pages.c5_2_better import DOCUMENT, RENORMALIZED, folds_table

CORES, MINUTES = 2, 9


def best_within(cores, minutes):
    """Return the best recipes until the next one would no longer fit into the time."""
    first, third = read_table("recipe_folds"), read_table("recipe_combined")
    table = folds_table({"runs": first["runs"] | third["runs"]}).drop([DOCUMENT, RENORMALIZED])
    ranked = table.sort_values(RULE, ascending=False, kind="stable")
    groups = [group["films"] for group in first["groups"]]
    learned = sum(groups) * (len(groups) - 1) / len(groups)  # by one run, on average
    spent = ranked["minutes"].cumsum() * len(load_pneumonia().train) / learned
    return list(ranked.index[spent <= cores * minutes])


if __name__ == "__main__":
    chosen = best_within(CORES, MINUTES)
    main(
        __doc__, {"the best within ten minutes": chosen}, first_seed=2000, members=len(chosen),
        stored="pneumonia_combined.json",
    )  # fmt: skip
