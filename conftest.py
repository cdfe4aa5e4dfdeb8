"""How pytest runs the notebooks: as at a reader's, strictly, once for the tests and the build.

With ``--nbval-kernel-name python3`` the cells run in that kernel instead, as it is installed.
"""

from __future__ import annotations

import os
import shutil
import tempfile

import execution_cache
import kernels
import pytest
import tolerance
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

os.environ.update(kernels.CALM)  # before a test imports a framework

RAN = pytest.StashKey[list]()
SYNTHETIC = pytest.StashKey[bool]()
UNCOMPARED = "ran on the phantom, uncompared"


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open behind a test or an example."""
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


class ReaderKernel(RunningKernel):
    """A kernel that sees what a reader of the chapter has, in an empty folder, without network."""

    def __init__(self, notebook, startup_timeout):
        self.folder = tempfile.mkdtemp(prefix="notebook-")
        known = kernels.ReaderKernels(kernels.extras_of(notebook))
        self.km = KernelManager(kernel_name="python3", kernel_spec_manager=known)
        with open(os.devnull, "w") as nowhere:
            self.km.start_kernel(
                cwd=self.folder, env=kernels.environment(network=False), stderr=nowhere
            )
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=startup_timeout)
        self._ensure_iopub_up()

    def stop(self):
        """Stop the kernel and remove its folder."""
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def pytest_configure(config):
    """Prepare once, before notebooks run in one process or in several: wheel, cache, data."""
    if not (config.option.nbval or config.option.nbval_lax):
        return
    if hasattr(config, "workerinput"):
        config.stash[SYNTHETIC] = config.workerinput["synthetic"]
        return
    if not config.option.nbval_kernel_name:
        kernels.unpack_wheel()
        execution_cache.drop_stale()
    config.stash[SYNTHETIC] = _data_is_synthetic()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell a process of pytest-xdist which data there is."""
    node.workerinput["synthetic"] = node.config.stash.get(SYNTHETIC, True)


def pytest_collectstart(collector):
    """Drawings are looked at, not compared; what is on stderr is searched for warnings instead."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += ("stderr", "image/svg+xml")


def pytest_collection_modifyitems(config, items):
    """Read the tags of the cells; without the real data, what depends on it is not compared."""
    for item in items:
        if isinstance(item, IPyNbCell):
            tags = item.cell.metadata.get("tags", [])
            try:
                item.tolerance = tolerance.tolerance_of(tags)
            except ValueError as problem:
                raise pytest.UsageError(f"{item.nodeid}: {problem}") from problem
            if "real-data" in tags and config.stash[SYNTHETIC]:
                item.options["check"] = False
                item.user_properties.append((UNCOMPARED, True))


def pytest_terminal_summary(terminalreporter):
    """Say how many cells were not held to the real data."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    count = sum((UNCOMPARED, True) in map(tuple, report.user_properties) for report in reports)
    if count:
        terminalreporter.write_line(f"{count} cells tagged real-data {UNCOMPARED}.")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Note each cell that passed; with the last, hand the notebook to the build."""
    report = (yield).get_result()
    if not isinstance(item, IPyNbCell) or report.when != "call":
        return
    notebook = item.parent
    ran = notebook.stash.setdefault(RAN, [])
    ran.append(item.test_outputs if report.passed else None)
    complete = len(ran) == sum(cell.cell_type == "code" for cell in notebook.nb.cells)
    if complete and None not in ran and isinstance(notebook.kernel, ReaderKernel):
        execution_cache.keep(notebook.nb, ran, notebook.path)


def _start_reader_kernel(notebook):
    """In place of nbval's ``IPyNbFile.setup``."""
    options = notebook.config.option
    timeout = options.nbval_kernel_startup_timeout
    if options.nbval_kernel_name:
        folder = str(notebook.path.parent)
        notebook.kernel = RunningKernel(options.nbval_kernel_name, folder, timeout)
    else:
        notebook.kernel = ReaderKernel(notebook.path, timeout)
    notebook.setup_sanitize_files()


def _execute_as_jupyter_does(kernel, source, allow_stdin=None):
    """A trailing semicolon hides the value, which nbval's own way does not do."""
    return kernel.kc.execute(
        source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
    )


def _run_and_look_for_warnings(cell, run=IPyNbCell.runtest):
    run(cell)
    warned = tolerance.warning_in(cell.test_outputs)
    if warned and "warns" not in cell.cell.metadata.get("tags", []):
        cell.raise_cell_error("The cell warns, and is not tagged so", warned)


def _compare(cell, computed, stored, skip_compare=None, exactly=IPyNbCell.compare_outputs):
    if cell.tolerance is None:
        return exactly(cell, computed, stored, skip_compare)
    found = tolerance.difference(stored, computed, cell.tolerance, cell.sanitize)
    cell.comparison_traceback = [found]
    return found is None


IPyNbFile.setup = _start_reader_kernel
IPyNbCell.runtest = _run_and_look_for_warnings
IPyNbCell.compare_outputs = _compare
RunningKernel.execute_cell_input = _execute_as_jupyter_does


def _data_is_synthetic():
    from companion.data.files import DatasetUnavailable
    from companion.data.pneumonia import load_pneumonia

    try:
        return load_pneumonia().is_synthetic
    except DatasetUnavailable:
        return True
