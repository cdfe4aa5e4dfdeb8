"""Checks of the exercises: a page calls ``check(function)``, the cases stand in its backstage."""

from __future__ import annotations

import copy
import dis
import functools
import importlib
import inspect
import pkgutil
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

SOLUTION = "_solution"
COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
#: A stub's bytecode does nothing else than to load and return a constant.
RETURNS = ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE")


class WrongAnswer(AssertionError):
    """The function gave a wrong answer; the message shows a case small enough to check by hand."""

    def _render_traceback_(self):  # IPython shows this instead of the checker's own lines
        cause = traceback.format_exception(self.__cause__) if self.__cause__ else []
        return [*"".join(cause).splitlines(), f"{type(self).__name__}: {self}"]


class _NotWritten(Exception):
    """The reader's function raises NotImplementedError by itself."""


class Case(NamedTuple):
    """One question to the reader's function: in words, with its arguments and the right answer.

    ``measure(function, *arguments)`` is compared instead of ``function(*arguments)`` where a
    property of the answer matters; the function is then called through it.
    """

    what: str
    arguments: tuple
    right: object
    measure: Callable | None = None


def check(function: Callable, *, name: str | None = None) -> None:
    """Compare what the function of an exercise returns with known answers, and say what is wrong.

    The function works on copies of the arguments, and may not change them.
    A function that is not written yet is told so in a sentence, without an error.

    Parameters
    ----------
    function : function
        The reader's, or the book's with ``_solution`` at the end of its name.
    name : str, optional
        Of the exercise; that of the function when absent.

    Raises
    ------
    WrongAnswer
        With the first case that failed: the call, what came, what is right.
    ValueError
        If it is no function, or no exercise has that name.

    Examples
    --------
    >>> def count_parameters(channels, maps, rows, columns):
    ...     return (channels * rows * columns + 1) * maps
    >>> check(count_parameters)
    Right: three cases passed.
    >>> def count_parameters(channels, maps, rows, columns):
    ...     ...  # your code here
    >>> check(count_parameters)
    count_parameters: not written yet. Put your code in and run this cell again.
    """
    if not callable(function):
        raise ValueError(
            "function must be the function itself, without brackets and arguments, "
            f"got {_shown(function)}"
        )
    name = name or getattr(function, "__name__", "").removesuffix(SOLUTION)
    cases = _cases(name)
    written = not _is_stub(function)
    try:
        for case in cases if written else ():
            _check_case(function, name, case)
    except _NotWritten:
        written = False
    if written:
        print(f"Right: {COUNTS[len(cases)]} cases passed.")
    else:
        print(f"{name}: not written yet. Put your code in and run this cell again.")


@functools.cache
def exercises() -> Mapping[str, Sequence[Case]]:
    """Return the cases of every exercise of the book, by the name of the function asked for.

    Returns
    -------
    mapping of str to sequence of Case
        From ``CASES`` of every backstage module, ``companion/pages/c*.py``.

    Raises
    ------
    ValueError
        If no module is found, or two exercises have one name.

    Examples
    --------
    >>> [case.right for case in exercises()["count_parameters"]]
    [896, 44, 8320]
    """
    import companion.pages as package

    found, homes = {}, {}
    for module in pkgutil.iter_modules(package.__path__):
        if re.match(r"c\d", module.name):
            home = importlib.import_module(f"{package.__name__}.{module.name}")
            for name, cases in home.CASES.items():
                if name in found:
                    raise ValueError(
                        f"exercises must have names of their own, got {name!r} "
                        f"in {homes[name]} and in {module.name}"
                    )
                found[name], homes[name] = cases, module.name
    if not found:
        raise ValueError("no exercise was found in companion/pages/c*.py")
    return found


def _cases(name):
    known = exercises()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise ValueError(f"no exercise is called {name!r}{hint} There are {', '.join(known)}.")
    return known[name]


def _check_case(function, name, case):
    given = copy.deepcopy(case.arguments)
    try:
        got = case.measure(function, *given) if case.measure else function(*given)
    except Exception as error:
        if isinstance(error, NotImplementedError) and _raised_in(function, error):
            raise _NotWritten from None
        raise _wrong(name, case, f"{type(error).__name__}: {error}") from error
    for before, after in zip(case.arguments, given, strict=True):
        if _content(before) != _content(after):
            raise WrongAnswer(
                f"{name} must not change what it is given; {case.what}: "
                f"got {_shown(after)}, expected {_shown(before)} as before\n"
                "Work on a copy, for instance np.array(values)."
            )
    if not _same(got, case.right):
        hint = "\nDid you forget the return?" if got is None else ""
        raise _wrong(name, case, _shown(got), hint)


def _wrong(name, case, got, hint=""):
    arguments = ", ".join(_shown(argument) for argument in case.arguments)
    return WrongAnswer(
        f"{case.what}: got {got}, expected {_shown(case.right)}\nCalled: {name}({arguments}){hint}"
    )


def _same(got, right):
    """Equal in kind, in shape, and in value but for rounding."""
    if isinstance(right, str):
        return isinstance(got, str) and got == right
    try:
        got, right = np.asarray(got), np.asarray(right)
    except Exception:  # whatever the reader's object does when it is made an array
        return False
    kinds = "b" if right.dtype.kind == "b" else "iuf"
    if got.dtype.kind not in kinds or got.shape != right.shape:
        return False
    return bool(np.allclose(got.astype(float), right.astype(float)))


def _content(value):
    """What a change to an argument would change; of functions and generators, nothing."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, list | tuple):
        return [_content(part) for part in value]
    return value if isinstance(value, int | float | str) else None


def _shown(value):
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, tuple | list):
        text = ", ".join(_shown(part) for part in value)
        text = f"[{text}]" if isinstance(value, list) else f"({text})"
    elif inspect.isroutine(value):
        text = value.__name__.strip("_")
    elif isinstance(value, np.random.Generator):
        text = "a numpy.random.Generator"
    else:
        text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 400 else f"{text[:400]} ..."


def _is_stub(function):
    """Nothing but a docstring, ``...``, ``pass`` or ``return None``; a lambda was written."""
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        return False
    steps = [s for s in dis.get_instructions(function) if s.opname not in ("RESUME", "NOP")]
    return all(s.opname in RETURNS and s.argval in (None, ...) for s in steps)


def _raised_in(function, error):
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code is getattr(function, "__code__", None)
