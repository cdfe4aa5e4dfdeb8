# Two commands do all: `make book` builds the pages, `make test` checks everything.
# While you write: `make page ONLY=index` builds one page, `make check` takes under a minute.
# Each makes .venv and installs into it, again only when pyproject.toml or constraints.txt changed.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# Notebooks and tests that run side by side, each in one thread; one takes up to 3 GB of memory.
AT_ONCE ?= 2
SIDE_BY_SIDE := -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder --durations=15

.PHONY: book page test check lint sync refresh format clean

book: $(READY)
	$(BIN)/python tools/notebooks.py check
	$(BIN)/python tools/execution_cache.py
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book is built. Open $(CURDIR)/_build/html/index.html"

page: $(READY)
	$(BIN)/python tools/page.py $(ONLY)

# The browser's tests come last: they look at the pages that are built from the notebooks' run.
test: lint
	$(BIN)/python -m pytest --nbval $(SIDE_BY_SIDE) --ignore=tests/browser
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --dist load tests/browser

check: $(READY)
	$(BIN)/python tools/quick_check.py

lint: $(READY)
	$(BIN)/python tools/quick_check.py lint

sync: $(READY)
	$(BIN)/python tools/notebooks.py sync

refresh: $(READY)
	$(BIN)/python tools/notebooks.py refresh $(ONLY)

format: $(READY)
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:
	rm -rf .venv _build .pytest_cache .ruff_cache .hypothesis *.egg-info

$(READY): pyproject.toml constraints.txt
	@echo "Installing into .venv: a few minutes the first time."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[all]"
	@touch $@
