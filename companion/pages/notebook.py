"""What a cell of the book may call for display; works in Jupyter, in Colab and on the page."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING

import companion

if TYPE_CHECKING:  # a page's first cell imports this module: nothing slow comes with it
    import pandas as pd

    from companion.data import BreastData, BreastMriData, HippocampusData, PneumoniaData
    from companion.evaluation.report import Report

#: Scores of a table, unless others are asked for.
SHOWN = ("auroc", "accuracy", "recall", "specificity", "precision", "f1", "average_precision")


def show_versions(*packages: str) -> None:
    """Print one short line of versions, and count from here what ``show_cost`` tells.

    Parameters
    ----------
    *packages : str
        Names as pip knows them; where another package brings the module of that name, that one
        is named.

    Examples
    --------
    >>> show_versions("numpy")
    Ready: Python 3..., companion ..., numpy ...
    """
    _Clock.start()
    versions = [("Python", f"{sys.version_info.major}.{sys.version_info.minor}")]
    versions += [("companion", companion.__version__), *map(_name_and_version, packages)]
    print("Ready: " + ", ".join(f"{name} {number}" for name, number in versions))


def _name_and_version(package):
    """Of tensorflow-cpu, if that is what brings tensorflow; the last digits and build left out."""
    try:
        number = version(package)
    except PackageNotFoundError:
        package = packages_distributions().get(package, [package])[0]
        number = version(package)
    return package, ".".join(number.split("+")[0].split(".")[:2])


def show_source(*functions: object) -> None:
    """Display the code of functions or classes as it stands in the package, without docstrings.

    Parameters
    ----------
    *functions : function or class
        What to show; what is printed is what is tested.

    Examples
    --------
    >>> show_source(show_versions)  # doctest: +SKIP
    """
    from IPython.display import Markdown, display

    for function in functions:
        display(Markdown(f"```python\n{_without_docstrings(function)}\n```"))


def show_data_notice(data: PneumoniaData | BreastData | BreastMriData | HippocampusData) -> None:
    """Say plainly whose images these are, or that they are nobody's.

    Parameters
    ----------
    data : PneumoniaData, BreastData, BreastMriData or HippocampusData
        What was loaded from :mod:`companion.data`.

    Examples
    --------
    >>> show_data_notice(data)  # doctest: +SKIP
    """
    from IPython.display import Markdown, display

    if getattr(data, "is_stand_in", False):
        text = (
            "> **These are other patients.**\n"
            "> The table that this page speaks of could not be had, so that others stand in.\n"
            f"> Data: {data.source}. Licence: {data.licence}.\n"
            "> What the text says of numbers does not hold for them.\n"
            f"> Run `python -m {type(data).__module__}` to see what was tried."
        )
    elif getattr(data, "is_synthetic", False):
        text = (
            "> **These are not patients.**\n"
            "> The real data could not be had, so all images below are synthetic phantoms.\n"
            "> The numbers on this page say nothing about any disease.\n"
            f"> Run `python -m {type(data).__module__}` to see what was tried."
        )
    else:
        text = f"> **Data:** {data.source}.\n> Licence: {data.licence}."
    display(Markdown(text))


def report_table(reports: Mapping[str, Report], metrics: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Return one row a model and one column a metric, each score with its interval.

    Parameters
    ----------
    reports : mapping of str to companion.evaluation.report.Report
        By model.
    metrics : sequence of str
        Which scores, in which order.

    Returns
    -------
    pandas.DataFrame
        Of strings such as ``0.941 [0.922, 0.958]``.

    Examples
    --------
    >>> report_table({}).columns[0]
    'auroc'
    """
    import pandas as pd

    rows = {name: {m: str(report[m]) for m in metrics} for name, report in reports.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(metrics))


def show_cost() -> None:
    """Print the time that the cells have run since the setup cell, and the greatest memory.

    Cells that ran twice count twice; the time between cells, when somebody reads, does not count.
    Outside Jupyter it is the processor's time.
    The page shows the same sentence under its title.

    Examples
    --------
    >>> show_cost()  # doctest: +SKIP
    Running this page took 1.4 minutes and 2.1 GB of memory on 2 CPU cores.
    """
    import psutil
    from IPython.display import display

    sentence = (
        f"Running this page took {_Clock.seconds() / 60:.1f} minutes and "
        f"{_peak_bytes(psutil.Process()) / 1e9:.1f} GB of memory on {psutil.cpu_count()} CPU cores."
    )
    print(sentence)
    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": sentence},
        metadata={"scrapbook": {"name": "cost", "mime_prefix": prefix}},
        raw=True,
    )


class _Clock:
    """Adds up how long the cells of this notebook run, as Jupyter announces their start and end."""

    started = None
    total = 0.0
    listens = False

    @classmethod
    def start(cls):
        if not cls.listens and "IPython" in sys.modules:
            shell = sys.modules["IPython"].get_ipython()
            if shell is not None:
                shell.events.register("pre_run_cell", cls.begin)
                shell.events.register("post_run_cell", cls.end)
                cls.listens, cls.started = True, time.perf_counter()

    @classmethod
    def begin(cls, info):
        cls.started = time.perf_counter()

    @classmethod
    def end(cls, result):
        if cls.started is not None:
            cls.total += time.perf_counter() - cls.started
            cls.started = None

    @classmethod
    def seconds(cls):
        if not cls.listens:
            return time.process_time()
        running = 0.0 if cls.started is None else time.perf_counter() - cls.started
        return cls.total + running


def _peak_bytes(process):
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return process.memory_info().peak_wset
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _without_docstrings(function):
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    hidden = set()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            text = node.body[0]
            hidden |= set(range(text.lineno - 1, text.end_lineno))
    kept = [line for number, line in enumerate(lines) if number not in hidden]
    return "\n".join(kept).strip("\n")
