"""A wing's face whose names are imported when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lazy_face(
    wing: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Return a wing's ``__getattr__``, ``__dir__`` and ``__all__``, from names by their module."""
    home = {name: module for module, shown in names.items() for name in shown}

    def get(name):
        if name not in home:
            raise AttributeError(f"module {wing!r} has no attribute {name!r}")
        return getattr(import_module(f"{wing}.{home[name]}"), name)

    return get, lambda: sorted(home), sorted(home)
