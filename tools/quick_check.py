"""What needs no notebook run: style, notebooks in sync, and the tests of what changed.

``quick_check.py lint`` looks at the style only. What changed is what differs from the branch
``main``; a module's tests are its own examples and the file that mirrors it under tests/.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Fast, and broken by almost any change; the second looks whether the notebooks are in sync.
ALWAYS = ("tests/test_imports.py", "tests/test_faces.py", "tests/test_book.py")
#: Tests that build, install or execute for minutes.
LONG = "not slow and not browser and not network and not weekly"


def tracked(pattern: str) -> list[str]:
    """Return the files that git knows by a pattern; a pattern that finds nothing is an error."""
    found = _git("ls-files", "--cached", "--others", "--exclude-standard", "--", pattern)
    found = [name for name in found if (ROOT / name).is_file()]
    if not found:
        raise FileNotFoundError(f"git finds no file {pattern!r} in {ROOT}")
    return found


def changed() -> list[str]:
    """Return the files that differ from ``main``, or from the last commit where there is none."""
    base = _git("merge-base", "HEAD", "main", check=False) or ["HEAD"]
    new = _git("ls-files", "--others", "--exclude-standard")
    return sorted({*_git("diff", "--name-only", base[0]), *new})


def tests_of(files: list[str]) -> list[str]:
    """Return the tests that mirror files, and the modules whose examples are tests."""
    known = {Path(name) for name in tracked("tests/*.py")}
    found = set(ALWAYS)
    for path in map(Path, files):
        if path.suffix != ".py" or not (ROOT / path).is_file():
            continue
        if path.parts[0] == "tests":
            found |= {str(path)} if path.name.startswith("test_") else set()
        elif path.parts[0] == "companion":
            found.add(str(path))
            mirrored = Path("tests", *path.parts[1:-1], f"test_{path.stem.strip('_')}.py")
            if mirrored in known:
                found.add(str(mirrored))
            else:  # a module without tests of its own: those of its wing
                wing = Path("tests", *path.parts[1:-1])
                found |= {str(test) for test in known if test.parent == wing != Path("tests")}
        elif path.parts[0] == "tools":
            mirrored = Path("tests", f"test_{path.stem}.py")
            found.add(str(mirrored if mirrored in known else Path("tests", "test_tools.py")))
    return sorted(found)


def lint() -> None:
    """Look at style; docstrings are looked at where they are owed, in tests/test_faces.py."""
    _run("ruff", "check", ".")
    _run("ruff", "format", "--check", ".")


def main(arguments: list[str]) -> None:
    """Run the checks; stop at the first that fails."""
    if arguments not in ([], ["lint"]):
        sys.exit(f"expected lint or nothing, got {' '.join(arguments)!r}")
    lint()
    if not arguments:
        tests = tests_of(changed())
        _run("python", "-m", "pytest", "-q", "-n", "2", "-m", LONG, "--durations=5", *tests)


def _git(*arguments, check=True):
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=check)
    return done.stdout.split()


def _run(tool, *arguments):
    done = subprocess.run([Path(sys.executable).with_name(tool), *arguments], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
