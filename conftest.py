"""How pytest runs the notebooks: strictly, and so that the build need not run them again."""

from __future__ import annotations

import execution_cache
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

RAN = pytest.StashKey[list]()
UNCOMPARED = pytest.StashKey[list]()


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open behind a test or an example."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def pytest_configure(config):
    """Let cells behave as in Jupyter: a trailing semicolon hides the value."""
    config.stash[UNCOMPARED] = []

    def execute(self, source, allow_stdin=None):
        return self.kc.execute(
            source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
        )

    RunningKernel.execute_cell_input = execute


def pytest_collectstart(collector):
    """Warnings of libraries are no output of ours; drawings are looked at, not compared."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += ("stderr", "image/svg+xml")


def pytest_collection_modifyitems(config, items):
    """Without the real data, run the cells that depend on it but compare nothing."""
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    if cells and _data_is_synthetic():
        real = [c for c in cells if "real-data" in c.cell.metadata.get("tags", [])]
        for item in real:
            item.options["check"] = False
        config.stash[UNCOMPARED] = real
    if cells:
        execution_cache.drop_stale()


def pytest_terminal_summary(terminalreporter, config):
    """Say how many cells were not held to the real data."""
    if config.stash[UNCOMPARED]:
        terminalreporter.write_line(
            f"{len(config.stash[UNCOMPARED])} cells tagged real-data "
            "ran on the phantom, uncompared."
        )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Note each cell that passed; with the last, hand the notebook to the build."""
    report = (yield).get_result()
    if not isinstance(item, IPyNbCell) or report.when != "call":
        return
    notebook = item.parent
    ran = notebook.stash.setdefault(RAN, [])
    ran.append(item.test_outputs if report.passed else None)
    if len(ran) == sum(cell.cell_type == "code" for cell in notebook.nb.cells) and None not in ran:
        execution_cache.keep(notebook.nb, ran, notebook.path)


def _data_is_synthetic():
    from companion.data.files import DatasetUnavailable
    from companion.data.pneumonia import load_pneumonia

    try:
        return load_pneumonia().is_synthetic
    except DatasetUnavailable:
        return True
