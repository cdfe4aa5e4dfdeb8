"""What only the book's pages need: figures, checks of exercises, stored tables, display.

Names are imported from here when they are asked for, so that the first cell of a page,
which asks for ``show_versions``, does not wait for matplotlib and pandas.
"""

from importlib import import_module

_HOME = {
    "figures": (
        "plot_confusion", "plot_films", "plot_grid", "plot_intervals", "plot_maps", "plot_ranges",
        "use_book_style",
    ),
    "notebook": (
        "report_table", "show_cost", "show_data_notice", "show_source", "show_versions",
    ),
    "tables": ("read_table",),
}  # fmt: skip

__all__ = sorted(name for names in _HOME.values() for name in names)


def __getattr__(name):
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"companion.pages.{module}"), name)
    raise AttributeError(f"module 'companion.pages' has no attribute {name!r}")


def __dir__():
    return [*globals(), *__all__]
