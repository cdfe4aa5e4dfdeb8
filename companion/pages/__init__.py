"""What only the book's pages need: figures, checks of exercises, stored tables, display.

Names are imported from here when they are asked for, so that the first cell of a page,
which asks for ``show_versions``, does not wait for matplotlib and pandas.
"""

from companion._lazy import lazy_face

_NAMES = {
    "figures": ("plot_confusion", "plot_films", "plot_grid", "use_book_style"),
    "notebook": (
        "report_table", "show_cost", "show_data_notice", "show_source", "show_versions",
    ),
    "operated": ("operate", "packed"),
    "tables": ("read_table",),
}  # fmt: skip
__getattr__, __dir__, __all__ = lazy_face(__name__, _NAMES)
