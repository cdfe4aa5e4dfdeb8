"""Weights in files that cannot carry a program, and how to tell that a file is the one it was."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import nn

#: How a zip archive begins; what PyTorch writes is one, with a pickle inside.
_ZIP = b"PK\x03\x04"
_DIGITS = set("0123456789abcdef")


class WeightFileError(ValueError):
    """A file does not hold the weights of this model; the message says what was found."""


def save_weights(path: str | os.PathLike, model: nn.Module) -> Path:
    """Write a PyTorch model's weights as safetensors: names, shapes and numbers, nothing else.

    Parameters
    ----------
    path : path
        Where to; a file there is replaced only when the new one is whole.
    model : torch.nn.Module
        Its weights and statistics.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If a weight is not finite.
    OSError
        If the folder is missing, full or read-only.

    Examples
    --------
    >>> from companion.in_torch import PooledCNN
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_weights(f"{folder}/a.safetensors", PooledCNN(widths=(4,)))
    ...     load_weights(path, PooledCNN(widths=(4,), seed=1)).classifier.weight.shape
    torch.Size([1, 4])
    """
    from safetensors.torch import save

    path, weights = Path(path), {n: v.contiguous() for n, v in model.state_dict().items()}
    _expect_finite("model", weights)
    content = save(weights, metadata={"model": type(model).__name__})
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def load_weights(path: str | os.PathLike, model: nn.Module) -> nn.Module:
    """Read safetensors into a model of the same kind.

    Parameters
    ----------
    path : path
        The file.
    model : torch.nn.Module
        Receives the weights; untouched when the file is refused.

    Returns
    -------
    torch.nn.Module
        `model`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    WeightFileError
        If it is a pickle or another archive, is damaged, belongs to another model, or holds a
        weight that is not finite.

    References
    ----------
    The format: https://huggingface.co/docs/safetensors

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "gift.safetensors")
    ...     _ = path.write_bytes(bytes([128, 4]) + b"...")
    ...     try:
    ...         load_weights(path, None)
    ...     except WeightFileError as error:
    ...         print(str(error).split(": ")[1])
    refused, it is a pickle, expected safetensors
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    with path.open("rb") as file:
        kind = _program(file.read(9))
    if kind:
        raise WeightFileError(f"{path}: refused, it is {kind}, expected safetensors")
    try:
        with safe_open(path, "pt") as file:
            made_of = (file.metadata() or {}).get("model", "no named model")
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as problem:
        raise WeightFileError(
            f"{path}: expected whole safetensors, found a damaged or other file: {problem}"
        ) from None
    wanted = model.state_dict()
    shapes = [{n: (tuple(v.shape), v.dtype) for n, v in part.items()} for part in (found, wanted)]
    if made_of != type(model).__name__ or shapes[0] != shapes[1]:
        names = sorted(shapes[0] | shapes[1])
        odd = [n for n in names if shapes[0].get(n) != shapes[1].get(n)]
        more = "".join(f"; {n}: {shapes[0].get(n)}, expected {shapes[1].get(n)}" for n in odd[:1])
        raise WeightFileError(
            f"{path}: is of the model {made_of}, expected {type(model).__name__}{more}"
        )
    try:
        _expect_finite("file", found)
    except ValueError as problem:
        raise WeightFileError(f"{path}: {problem}") from None
    model.load_state_dict(found)
    return model


def file_digest(path: str | os.PathLike) -> str:
    """Return the SHA-256 digest of a file: another file with the same one cannot be made.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        64 digits, each one of 0 to 9 and a to f.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "empty")
    ...     path.touch()
    ...     file_digest(path)[:16]
    'e3b0c44298fc1c14'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_digest(path: str | os.PathLike, digest: str) -> Path:
    """Return a file's path if it is the file that was meant.

    Parameters
    ----------
    path : path
        The file.
    digest : str
        Of :func:`file_digest`, as its maker told it by another way than the file came.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If `digest` is no SHA-256 digest.
    FileNotFoundError
        If there is no such file.
    WeightFileError
        If the file is another.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "empty")
    ...     path.touch()
    ...     check_digest(path, file_digest(path)).name
    'empty'
    """
    wanted = digest.strip().lower() if isinstance(digest, str) else ""
    if len(wanted) != 64 or not set(wanted) <= _DIGITS:
        raise ValueError(f"digest must be 64 hexadecimal digits, got {digest!r}")
    found = file_digest(path)
    if found != wanted:
        raise WeightFileError(
            f"{path}: is not the file that was meant: its SHA-256 is {found}, expected {wanted}"
        )
    return Path(path)


def _program(beginning):
    """Name what may carry a program; safetensors begin with a length of eight bytes and a brace."""
    if beginning.startswith(_ZIP):
        return "a zip archive such as PyTorch writes, with a pickle inside"
    is_pickle = beginning[:1] == b"\x80" and beginning[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    return "a pickle" if is_pickle and beginning[8:] != b"{" else ""


def _expect_finite(name, weights):
    for key, value in weights.items():
        if value.is_floating_point() and not np.isfinite(value.detach().float().numpy()).all():
            raise ValueError(f"{name} must hold finite weights, {key} does not")
