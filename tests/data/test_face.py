"""The wing's public face."""

from __future__ import annotations

import subprocess
import sys

import pytest

from companion import data


def test_every_name_is_there_and_no_other():
    assert all(callable(getattr(data, name)) for name in data.__all__ if not name.isupper())
    assert dir(data) == data.__all__
    with pytest.raises(AttributeError, match="'companion.data' has no attribute 'read_nothing'"):
        _ = data.read_nothing


def test_the_face_loads_nothing_that_is_not_asked_for():
    code = (
        "import sys, companion.data\n"
        "loaded = {'pydicom', 'pandas', 'pooch', 'PIL', 'scipy', 'requests'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
        "companion.data.read_dicom\n"
        "loaded = {'pydicom', 'pandas', 'pooch', 'scipy'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
