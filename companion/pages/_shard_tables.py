"""Tables of chapter 5.3's section on films in shards, from the stored runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def memory_table(stored: Mapping) -> pd.DataFrame:
    """Return how much memory an epoch took beyond what the process had at its beginning.

    Parameters
    ----------
    stored : mapping
        ``read_table("million_films")``.

    Returns
    -------
    pandas.DataFrame
        One row a way of reading, one column a number of films; MiB, strings, "" where not run. The
        last column says what became of all films under a limit that they exceed.
    """
    import pandas as pd

    found = {}
    for run in stored["epochs"]:
        more = run["anonymous_mb"] - run["before_mb"]
        found.setdefault(run["way"], {})[f"{run['films']:,} films"] = f"{more:,.0f} MiB"
    for run in stored["limited"]:
        end = "refused" if "refused" in run else "read to the end"
        found[run["way"]][f"limit of {stored['limit_mb']} MiB"] = end
    return pd.DataFrame.from_dict(found, orient="index").fillna("")


def shuffle_table(stored: Mapping) -> pd.DataFrame:
    """Return what each order costs in time and reading, and how well it mixes.

    Parameters
    ----------
    stored : mapping
        ``read_table("million_films")``.

    Returns
    -------
    pandas.DataFrame
        One row an order. Films a second from the cache, all films of the largest set; bytes that
        the disk delivered for each of the first films when the cache was empty; and the standard
        deviation of the share of ill films in a batch where all ill were written first.
    """
    import pandas as pd

    most = max(run["films"] for run in stored["epochs"])
    fast = {run["way"]: run["films_per_s"] for run in stored["epochs"] if run["films"] == most}
    cold = {run["way"]: run for run in stored["cold"] if run["films"] < most}
    rows = {
        way: {
            "films a second": f"{fast[way]:,}",
            "bytes read a film": f"{cold[way]['disk_bytes_a_film']:,}",
            "share of ill varies by": f"{spread:.2f}",
        }
        for way, spread in stored["mixing"].items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
