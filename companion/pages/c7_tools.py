"""Backstage of chapter 7: its own figures, a harmless pickle, and the cases of its exercises."""

from __future__ import annotations

import ast
import inspect
import io
import os
import textwrap
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.pages._tools_figures import CLASSES, class_name, plot_answers, plot_transfer
from companion.pages.check import Case

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CASES", "CLASSES", "asked_pictures", "class_name", "code_lines", "cost_table", "gains",
    "gains_over_draws", "own_layers", "plot_answers", "plot_transfer", "write_gift",
]  # fmt: skip

_WEIGHTS = {"conv.weight": (8, 1, 3, 3), "conv.bias": (8,), "dense.weight": (1, 8)}
_OTHER = {"conv.weight": (8, 3, 3, 3), "conv.bias": (8,), "extra.bias": (4,)}
_PIXELS = np.array([[0, 51], [102, 255]], np.uint8)
CASES = {
    "as_served": [
        Case("8-bit pixels are divided by 255", (_PIXELS,), (_PIXELS / 255)),
        Case("float pixels in [0, 1] stay as they are", (_PIXELS / 255,), (_PIXELS / 255)),
        Case("8-bit pixels that happen to be dark are divided, too",
             (np.array([[0, 1]], np.uint8),), np.array([[0, 1 / 255]])),
    ],
    "differing_weights": [
        Case("the same architecture", (_WEIGHTS, dict(_WEIGHTS)), ""),
        Case("one shape differs, one is missing, one is new", (_WEIGHTS, _OTHER),
             "conv.weight, dense.weight, extra.bias"),
        Case("nothing found", ({}, {"a": (1,)}), "a"),
    ],
    "helps": [
        Case("the whole interval lies above zero", ([0.02, 0.005, 0.035],), "it helps"),
        Case("the whole interval lies below zero", ([-0.02, -0.03, -0.01],), "it harms"),
        Case("zero lies inside", ([0.02, -0.01, 0.05],), "not shown"),
    ],
}  # fmt: skip


def asked_pictures() -> dict[str, np.ndarray]:
    """Return a photograph of a cat, one of a cup, an adult's chest film, and one plain grey.

    Returns
    -------
    dict of str to numpy.ndarray
        float, (H, W, 3) or (H, W), in [0, 1].
    """
    from pydicom.data import get_testdata_file
    from skimage.data import chelsea, coffee

    from companion.data import read_image

    return {
        "a cat": chelsea() / 255,
        "a cup of coffee": coffee() / 255,
        "a chest film": read_image(get_testdata_file("RG1_UNCR.dcm")),
        "plain grey": np.full((64, 64), 0.5),
    }


def code_lines(*objects: object) -> int:
    """Count lines of code of functions or modules: no blank line, no comment, no docstring.

    Parameters
    ----------
    *objects : function or module
        Written in Python.

    Returns
    -------
    int
        Lines of all together.

    Examples
    --------
    >>> code_lines(class_name), code_lines(own_layers)
    (2, 4)
    """
    total = 0
    for given in objects:
        source = textwrap.dedent(inspect.getsource(given))
        spared = set()
        for node in ast.walk(ast.parse(source)):
            body = getattr(node, "body", None)
            first = body[0] if isinstance(body, list) and body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                spared |= set(range(first.lineno, first.end_lineno + 1))
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        shown = {row for t in tokens if t.type not in _NO_CODE for row in _rows(t)}
        total += len(shown - spared)
    return total


_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
            tokenize.ENDMARKER)  # fmt: skip


def _rows(token):
    return range(token.start[0], token.end[0] + 1)


def cost_table() -> pd.DataFrame:
    """Return what each of the four ways takes, as one run of the benchmark measured it.

    Returns
    -------
    pandas.DataFrame
        One row a way: lines of the program, the time of an epoch and of starting, with the least
        and the greatest of the rounds, and the greatest memory.

    Examples
    --------
    >>> cost_table().columns[0]
    'lines'
    """
    import pandas as pd

    from companion import bridges
    from companion.pages.tables import read_table

    programs = {
        "NumPy": bridges.train_with_numpy, "PyTorch": bridges.train_with_torch,
        "Keras on TensorFlow": bridges.train_with_keras,
        "Keras on PyTorch": bridges.train_with_keras,
    }  # fmt: skip
    table, rows = read_table("four_ways")["ways"], {}
    for way, cost in table.items():
        middle, least, most = cost["epoch_s"]
        rows[way] = {
            "lines": code_lines(programs[way]),
            "an epoch, s": f"{middle:.2f} [{least:.2f}, {most:.2f}]",
            "start, s": f"{cost['import_s'][0] + cost['ready_s'][0]:.1f}",
            "memory, MB": f"{cost['peak_bytes'][0] / 1e6:.0f}",
        }
    return pd.DataFrame(rows).T


def own_layers() -> int:
    """Count the lines of the layers by hand on which the way in NumPy stands.

    Returns
    -------
    int
        Lines of code in seven modules.

    Examples
    --------
    >>> own_layers() > 200
    True
    """
    from importlib import import_module

    names = ("activations", "conv", "dense", "loss", "model", "padding", "pool")
    return code_lines(*(import_module(f"companion.by_hand.{name}") for name in names))


class _Gift:
    """Becomes a pickle that calls a function of Python when it is read; here one that prints."""

    def __reduce__(self):
        return print, ("This line was printed by the file, while it was read.",)


def write_gift(path: str | os.PathLike, *, inside_torch: bool = False) -> Path:
    """Write a file that looks like weights and is a program; it only prints a line.

    Parameters
    ----------
    path : path
        Where to.
    inside_torch : bool
        As a file of ``torch.save``, which is a zip archive with a pickle in it.

    Returns
    -------
    pathlib.Path
        `path`.

    Examples
    --------
    >>> import pickle, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pickle.loads(write_gift(f"{folder}/a").read_bytes())
    This line was printed by the file, while it was read.
    """
    import pickle

    path = Path(path)
    if inside_torch:
        from companion.in_torch import save_model
        from companion.in_torch.models import DocumentCNN

        save_model(path, DocumentCNN((1, 28, 28)), gift=_Gift())
    else:
        path.write_bytes(pickle.dumps(_Gift(), protocol=2))
    return path


def gains(table: Mapping, name: str, against: str) -> pd.DataFrame:
    """Return how much higher one start's AUROC is than another's, at each number of films.

    Parameters
    ----------
    table : mapping
        ``read_table("transfer")``.
    name, against : str
        Two of its rows.

    Returns
    -------
    pandas.DataFrame
        One row a size, one column a split: difference with its interval.

    Examples
    --------
    >>> from companion.pages.tables import read_table
    >>> gains(read_table("transfer"), "fine-tuned", "frozen features").columns.tolist()
    ['validation', 'test']
    """
    import pandas as pd

    rows = {}
    for size, found in zip(table["sizes"], table["scores"], strict=True):
        parts = {split: found[split][name][f"minus {against}"] for split in ("validation", "test")}
        rows[f"{size} films"] = {
            split: f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
            for split, (value, low, high) in parts.items()
        }
    return pd.DataFrame(rows).T


def gains_over_draws(table: Mapping, name: str, against: str) -> pd.DataFrame:
    """Return how much higher one start's AUROC is than another's, draw by draw.

    Parameters
    ----------
    table : mapping
        ``read_table("transfer")``.
    name, against : str
        Two of its rows.

    Returns
    -------
    pandas.DataFrame
        One row a size, one column a split: mean difference with Student's interval over draws,
        for the films of that split.

    Examples
    --------
    >>> from companion.pages.tables import read_table
    >>> stored = read_table("transfer")
    >>> gains_over_draws(stored, "fine-tuned", "frozen features").columns.tolist()
    ['validation', 'test']
    """
    import pandas as pd

    from companion.evaluation import mean_estimate

    rows = {}
    for size, found in zip(table["sizes"], table["scores"], strict=True):
        rows[f"{size} films"] = {
            split: f"{_paired(found[split], name, against, mean_estimate):+.3f}"
            for split in ("validation", "test")
        }
    return pd.DataFrame(rows).T


def _paired(found, name, against, estimate):
    return estimate(np.subtract(found[name]["by seed"], found[against]["by seed"]))
