"""The first cell of every notebook, from the line that gives it a title on.

It runs before the companion is there, so it imports the standard library only.
``page_parts.setup_cell`` fills in the four constants and the last line for each page.
"""

# ruff: noqa: E401, E402, I001
# @title Setup: install what is missing, leave alone what is there
import importlib.util, os, pathlib, re, subprocess, sys, tempfile
from importlib import metadata

MADE_FOR = "0.0.0"
ADDRESS = "https://github.com/owner/name"
NEEDED = ["torch>=2.11"]
KEPT = ["numpy", "torch"]
ADVICE = {  # a sign in what was asked and what pip said: the reason, and what to do about it
    "your_account": "This copy of the book names no address to install from. "
    "In the folder of its pyproject.toml, run `pip install -e .`",
    "No module named pip": "This Python has no pip. In a terminal, run `uv pip install {command}`",
    "command 'git'": "The companion comes by git, which is missing here. Install git",
    "pathspec": "There is no such release. Open the newest notebook of the book",
    "(?i)could not resolve|unable to access|connection|retrying": "There is no network. Connect",
    "(?i)conflict": "A package here is too old for the book. Upgrade, or use a fresh environment",
    "": "pip says: {last}. Mend that",
}


class SetupStopped(Exception):
    def _render_traceback_(self):  # what Jupyter shows instead of a traceback
        return [str(self)]


def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def file_of(module):
    spec = importlib.util.find_spec(module)
    return pathlib.Path(spec.origin) if spec and spec.origin else None  # no origin: no Python


def is_there(requirement):  # the module counts, too: tensorflow-cpu brings tensorflow
    name = re.match(r"[\w.-]+", requirement)[0]
    return version(name) or file_of(name.replace("-", "_"))


def fits(file):
    return file and f'__version__ = "{MADE_FOR}"' in file.read_text("utf8", "replace")


def install(wanted):
    names = ", ".join(requirement.split()[0] for requirement in wanted)
    print(f"Installing {names}. This can take minutes.")
    with tempfile.TemporaryDirectory() as folder:
        pins = pathlib.Path(folder, "installed.txt")
        pins.write_text("".join(f"{name}=={version(name)}\n" for name in KEPT if version(name)))
        pip = [sys.executable, "-m", "pip", "install", "-q", "-c", str(pins), *wanted]
        silent = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(pip, env=silent, capture_output=True, text=True)
    if done.returncode:
        said = f"{wanted}\n{done.stderr}"
        advice = next(ADVICE[sign] for sign in ADVICE if re.search(sign, said))
        command = " ".join(f'"{requirement}"' for requirement in wanted)
        last = re.findall(r"(?:ERROR|fatal): *(.+?)\.?$", f"ERROR: nothing\n{said}", re.M)[-1]
        advice = advice.format(command=command, last=last)
        raise SetupStopped(f"Could not install {names}. {advice}, then run this cell again.")
    importlib.invalidate_caches()


if getattr(sys.modules.get("companion"), "__version__", "") != MADE_FOR:  # loaded, but another
    for name in [name for name in sys.modules if name.split(".")[0] == "companion"]:
        del sys.modules[name]
wanted = [requirement for requirement in NEEDED if not is_there(requirement)]
package, found = "medical-image-companion", file_of("companion")
if not fits(found):
    by_pip = version(package) and metadata.distribution(package).locate_file("companion")
    if found and not (by_pip and found.parent.resolve() == by_pip.resolve()):
        raise SetupStopped(
            f"{found} hides the companion {MADE_FOR}, for which this notebook was made. "
            "Rename it if it is yours; if it is a copy of the book, bring it to that version. "
            "Then restart the kernel and run this cell again."
        )
    wanted.insert(0, f"{package} @ git+{ADDRESS}@v{MADE_FOR}")
if wanted:
    install(wanted)
from companion.pages.notebook import show_versions

show_versions("numpy", "torch")
