"""Tables of chapter 6.3: stored scores, wrong ways to count, films, and bad input."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from companion.pages._prognosis_numbers import SCORES

if TYPE_CHECKING:
    import pandas as pd

    from companion.data import HannoverData


def score_table(rows: Mapping[str, Mapping], scores: Sequence[str] = SCORES) -> pd.DataFrame:
    """Return stored scores as one row a model, each with its interval.

    Parameters
    ----------
    rows : mapping of str to mapping
        By model: of each score the value and the two ends, or only the value.
    scores : sequence of str
        Which, in which order.

    Returns
    -------
    pandas.DataFrame
        Of strings.
    """
    import pandas as pd

    return pd.DataFrame(
        {name: {score: written(row[score]) for score in scores if score in row}
         for name, row in rows.items()}
    ).T.reindex(columns=list(scores)).fillna("")  # fmt: skip


def written(numbers: Sequence[float]) -> str:
    """Return a value with its interval, or alone where it has none.

    Parameters
    ----------
    numbers : sequence of float
        One or three.

    Returns
    -------
    str
        Such as ``0.61 [0.52, 0.69]``.
    """
    value, *ends = numbers
    return f"{value:z.2f}" + (f" [{ends[0]:z.2f}, {ends[1]:z.2f}]" if ends else "")


def three_ways(time: np.ndarray, event: np.ndarray, horizon: float) -> pd.DataFrame:
    """Return the share with an event by a horizon: two wrong ways to treat who left, and one right.

    Parameters
    ----------
    time, event : numpy.ndarray
        (N,).
    horizon : float
        In the unit of `time`.

    Returns
    -------
    pandas.DataFrame
        One column, of strings.
    """
    import pandas as pd

    from companion.applications import risk_by

    ill = event & (time <= horizon)
    gone = ~event & (time < horizon)
    rows = {
        "followed too briefly to say": f"{gone.sum()} of {len(time)} women",
        "leave them out": f"{ill[~gone].mean():.3f}",
        "call them well": f"{ill.mean():.3f}",
        "Kaplan and Meier": f"{risk_by(time, event, horizon):.3f}",
    }
    return pd.DataFrame({f"event within {horizon / 365.25:.0f} years": rows})


def early_events(table: pd.DataFrame, day: float) -> str:
    """Return who had an event before a day, by response, and how often where tissue is missing.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`companion.data.load_breast_mri` has it.
    day : float
        From the start.

    Returns
    -------
    str
        Three lines; one where the table has no tissue.
    """
    if "pcr" not in table:
        return "this table has no tissue from surgery"
    early = table[table.recurred & (table.recurrence_free_days <= day)]
    missing = table.rcb_class.isna()
    shares = [f"{int(own.recurred.sum())} of {len(own)}"
              for own in (table[missing], table[~missing])]  # fmt: skip
    return (
        f"events up to day {day:.0f}: {len(early)}, of responders {int((early.pcr == 1).sum())}\n"
        f"women with an event, residual burden not classed: {shares[0]}\n"
        f"women with an event, residual burden classed: {shares[1]}"
    )


def differences(study: Mapping, names: Sequence[str]) -> pd.DataFrame:
    """Return by how much one model's Uno's C exceeds another's, from the stored table.

    Parameters
    ----------
    study : mapping
        One of ``read_table("prognosis_models")``.
    names : sequence of str
        Such as ``both − history``.

    Returns
    -------
    pandas.DataFrame
        One row a difference, with its interval.
    """
    import pandas as pd

    found = {name: written(study["differences"][name]) for name in names}
    return pd.DataFrame({"difference in Uno's C": found})


def by_start(studies: Mapping[str, Mapping], names: Sequence[str]) -> pd.DataFrame:
    """Return Uno's C of models by the day from which they count, from the stored table.

    Parameters
    ----------
    studies : mapping of str to mapping
        By start.
    names : sequence of str
        Models.

    Returns
    -------
    pandas.DataFrame
        One row a model, one column a start, above them the women and events that are left.
    """
    import pandas as pd

    rows = {
        "women (later events)": {
            f"from {start}": f"{study['patients']} ({study['events']})"
            for start, study in studies.items()
        }
    }
    for name in names:
        rows[name] = {
            f"from {start}": written(study["scores"][name]["Uno's C"])
            for start, study in studies.items()
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def coverage_table(rows: Sequence[Mapping], score: str = "Uno's C") -> pd.DataFrame:
    """Return how often an interval held the truth, and how wide it was, from the stored table.

    Parameters
    ----------
    rows : sequence of mapping
        Of ``read_table("survival_coverage")["rows"]``.
    score : str
        Which.

    Returns
    -------
    pandas.DataFrame
        One row a setting, shares in per cent.
    """
    import pandas as pd

    found = {
        (row["events"], f"{row['scores'][score]['truth']:.3f}"): {
            "patients": row["patients"],
            "studies": row["studies"],
            "mean estimate": f"{row['scores'][score]['mean']:.3f}",
            "held the truth": f"{100 * row['scores'][score]['held']:.1f} %",
            "mean width": f"{row['scores'][score]['width']:.2f}",
        }
        for row in rows
    }
    table = pd.DataFrame(found).T
    table.index.names = ["events", "true C"]
    return table


def icu_table(data: HannoverData | None) -> pd.DataFrame:
    """Return how well single values at the first film tell who comes to intensive care.

    Patients who were there before their first film are left out. Values below what can be
    measured count as least, those above as greatest.

    Parameters
    ----------
    data : companion.data.HannoverData or None
        None gives an empty table.

    Returns
    -------
    pandas.DataFrame
        By value: patients who have it, how many of them came to intensive care, and the AUROC
        with its interval.
    """
    import pandas as pd

    from companion.evaluation import evaluate

    columns = ["patients", "in intensive care", "AUROC"]
    if data is None:
        return pd.DataFrame(columns=columns)
    first = data.first_films()
    first = first[~(first.icu_days < 0)]
    values = {
        "C-reactive protein": first.crp_mg_l,
        "lactate dehydrogenase": first.ldh_u_l,
        "taken from front to back (ap)": (first.projection == "ap").astype(float),
    }
    if data.images is not None:
        order = data.table.index.get_indexer(first.index)
        bright = pd.Series(data.images[order].mean((1, 2)), index=first.index)
        values["mean brightness of the film"] = bright
        values["brightness, ap only"] = bright.where(first.projection == "ap")
    ill, rows = first.icu_days.notna().astype(int), {}
    for name, column in values.items():
        kept = column.notna()
        ranks = column[kept].rank().to_numpy()
        found = evaluate(
            ill[kept].to_numpy(), ranks / (len(ranks) + 1), n_boot=200,
            rng=np.random.default_rng(0),
        )  # fmt: skip
        rows[name] = [int(kept.sum()), int(ill[kept].sum()), f"{found['auroc']:.2f}"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def bad_input(covariates: pd.DataFrame, time: np.ndarray, event: np.ndarray) -> str:
    """Put a fault into a study, one after the other, and return what is said about each.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Finite, one row a patient.
    time, event : numpy.ndarray
        (N,), in days.

    Returns
    -------
    str
        Each fault, and below it the message.

    Raises
    ------
    RuntimeError
        If a fault was not noticed.
    """
    import pandas as pd

    from companion.applications import check_units, fit_hazards

    third = np.arange(len(time)) % 3 == 0
    infinite, again = covariates.copy(), pd.concat([covariates, covariates.iloc[:1]])
    infinite.iloc[3, 0] = np.inf
    told = pd.DataFrame({"told": event.astype(float)}, index=covariates.index)
    first = np.cumsum(event) * event == 1
    faults = {
        "a negative time": (covariates, time - np.median(time), event),
        "a missing time": (covariates, np.where(third, np.nan, time), event),
        "all censored": (covariates, time, event & False),
        "one event": (covariates, time, first),
        "days and months mixed": (None, np.where(third, time / 30.4375, time), None),
        "a patient twice": (again, np.append(time, time[0]), np.append(event, event[0])),
        "an infinite covariate": (infinite, time, event),
        "an outcome as covariate": (told, time, event),
    }
    lines = []
    for name, study in faults.items():
        try:
            check_units(study[1]) if study[0] is None else fit_hazards(*study)
        except ValueError as problem:
            said = textwrap.fill(str(problem).split(". ")[0], 70, initial_indent="  ",
                                 subsequent_indent="  ")  # fmt: skip
            lines.append(f"{name}:\n{said}")
        else:
            raise RuntimeError(f"{name}: was not noticed")
    return "\n".join(lines)
