"""Start a kernel that finds the wheel and what came with it, and no other installed module."""

import json
import re
import sys
from importlib.machinery import PathFinder


class ReaderFinder(PathFinder):
    """Finds modules and distributions as if only those of the reader were installed."""

    distributions: frozenset[str]
    hidden_modules: frozenset[str]

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return no spec for a module that a reader's installation lacks."""
        if fullname.partition(".")[0] in cls.hidden_modules:
            return None
        return PathFinder.find_spec(fullname, path, target)

    @classmethod
    def find_distributions(cls, *arguments, **keywords):
        """Yield a reader's distributions; the first of a name hides the others."""
        seen = set()
        for found in PathFinder.find_distributions(*arguments, **keywords):
            name = re.sub(r"[-_.]+", "-", found.name).lower()
            if name in cls.distributions and name not in seen:
                seen.add(name)
                yield found


def main():
    """Hide what a reader lacks, then hand over to ipykernel."""
    sight = json.loads(sys.argv.pop(1))
    ReaderFinder.distributions = frozenset(sight["distributions"])
    ReaderFinder.hidden_modules = frozenset(sight["hidden_modules"])
    editable = [f for f in sys.meta_path if "__editable__" in getattr(f, "__module__", "")]
    sys.meta_path[:] = [
        ReaderFinder if finder is PathFinder else finder
        for finder in sys.meta_path
        if finder not in editable
    ]
    if sys.path[0] != sight["site"]:
        sys.path.insert(0, sight["site"])
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
