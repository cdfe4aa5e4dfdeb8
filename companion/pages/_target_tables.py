"""Tables of chapter 6.2's target: scores with intervals, the stored benchmark, single scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: What a column says, by the name of its score.
_SHOWN = {
    "dice": "Dice", "hd95_mm": "HD95, mm", "assd_mm": "ASSD, mm",
    "surface_dice": "surface Dice, 1 mm",
}  # fmt: skip


def estimates_table(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the mean of each score by structure, with its interval over patients.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By method, from :func:`companion.applications.score_scans`.

    Returns
    -------
    pandas.DataFrame
        One row a method and structure; text. Where a method left a structure out in some scan,
        its distances are unknown, and said to be.
    """
    import pandas as pd

    from companion.applications import means_by_patient

    rows = {}
    for method, table in tables.items():
        for score, title in _SHOWN.items():
            missing = int(table[score].isna().sum())
            if missing:
                for structure in table.structure.unique():
                    rows.setdefault(f"{method}, {structure}", {})[title] = f"{missing} unknown"
                continue
            for structure, estimate in means_by_patient(table, score).items():
                rows.setdefault(f"{method}, {structure}", {})[title] = f"{estimate:.2f}"
    return pd.DataFrame.from_dict(rows, orient="index")


def case_rows(
    table: pd.DataFrame, *, as_table: bool = False
) -> tuple[list[int], list[str]] | pd.DataFrame:
    """Return which scans are worst, median and best by the mean Dice of their structures.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`companion.applications.score_scans`.
    as_table : bool
        Return their scores.

    Returns
    -------
    tuple of list, or pandas.DataFrame
        The scans' rows, and a title for each; or one row a scan and structure.
    """
    means = table.groupby("scan").dice.mean().sort_values(kind="stable")
    rows = [int(means.index[place]) for place in (0, len(means) // 2, len(means) - 1)]
    names = ["worst", "median", "best"]
    if not as_table:
        return rows, [f"{name}: {means[row]:.2f}" for name, row in zip(names, rows, strict=True)]
    own = table[table.scan.isin(rows)].assign(
        case=lambda found: found.scan.map(dict(zip(rows, names, strict=True)))
    )
    order = own.scan.map({row: place for place, row in enumerate(rows)})
    own = own.loc[order.sort_values(kind="stable").index].set_index(["case", "structure"])
    own["volume error, ml"] = own.volume_error_ml
    return own[[*_SHOWN, "volume error, ml"]].rename(columns=_SHOWN).round(2)


def benchmark_losses(stored: Mapping) -> pd.DataFrame:
    """Return the stored comparison of losses on the validation patients.

    Parameters
    ----------
    stored : mapping
        The table "segmentation".

    Returns
    -------
    pandas.DataFrame
        By loss: mean Dice over patients, the lowest and highest seed, and the difference of both
        losses together minus this one.
    """
    import pandas as pd

    found = stored["losses"]
    rows = {}
    for loss, runs in found["runs"].items():
        seeds = [np.mean([value for value, *_ in run["dice"].values()]) for run in runs]
        ends = found["differences"].get(f"both minus {loss}")
        rows[loss] = {
            "Dice": f"{found['mean'][loss]:.3f}",
            "lowest and highest seed": f"{min(seeds):.3f}, {max(seeds):.3f}",
            "both minus it": "{:.3f} [{:.3f}, {:.3f}]".format(*ends) if ends else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def benchmark_networks(stored: Mapping) -> pd.DataFrame:
    """Return the stored scores of networks and of the mean mask on the test patients.

    Parameters
    ----------
    stored : mapping
        The table "segmentation".

    Returns
    -------
    pandas.DataFrame
        One row a method and structure. Of several seeds the one whose Dice is in the middle.
    """
    import pandas as pd

    methods = {"mean mask": stored["mean mask"]}
    for name, network in stored["networks"].items():
        runs = sorted(network["runs"], key=lambda run: sum(v[0] for v in run["dice"].values()))
        methods[name] = runs[len(runs) // 2]
    rows = {}
    for method, scores in methods.items():
        for structure in scores["dice"]:
            rows[f"{method}, {structure}"] = {
                title: "{:.2f} [{:.2f}, {:.2f}]".format(*scores[score][structure])
                for score, title in _SHOWN.items()
                if score in scores
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def benchmark_costs(stored: Mapping) -> pd.DataFrame:
    """Return what the stored networks cost.

    Parameters
    ----------
    stored : mapping
        The table "segmentation".

    Returns
    -------
    pandas.DataFrame
        By network: weights, seconds of training of each seed, the process's peak memory in MB.
    """
    import pandas as pd

    return pd.DataFrame.from_dict(
        {
            name: {
                "weights": f"{network['weights']:,}",
                "training, s": ", ".join(f"{run['seconds']:.0f}" for run in network["runs"]),
                "peak memory, MB": f"{network['peak_memory_mb']:,}",
                "mean Dice by seed": ", ".join(
                    f"{np.mean([v[0] for v in run['dice'].values()]):.3f}"
                    for run in network["runs"]
                ),
            }
            for name, network in stored["networks"].items()
        },
        orient="index",
    )
