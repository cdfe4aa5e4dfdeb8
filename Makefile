# Two commands do all: `make book` builds the pages, `make test` checks everything.
# Both make .venv and install into it, again only when pyproject.toml or constraints.txt changed.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: book test sync refresh format clean

book: $(READY)
	$(BIN)/python tools/notebooks.py check
	$(BIN)/python tools/execution_cache.py
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book is built. Open $(CURDIR)/_build/html/index.html"

test: $(READY)
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/numpydoc lint $$(git ls-files 'companion/*.py')
	$(BIN)/python -m pytest --nbval --durations=10

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
