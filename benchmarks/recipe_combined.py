"""The third round of chapter 5.2: what went well in the second search, beside other changes.

Run ``python benchmarks/recipe_combined.py``; it needs the real data. All is as in recipe_folds.py:
the same groups, the same shifts, the same rule; no test film is read.
"""

from __future__ import annotations

from recipe_folds import search

from companion.studies import COMBINED

if __name__ == "__main__":
    search(__doc__, list(COMBINED), "recipe_combined.json")
