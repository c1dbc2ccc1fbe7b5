# make verify: re-derive the published results of every study in digitized/
# make test:   lint, types, docstrings and tests
# Both work in a virtual environment of their own, .venv, made on first use.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: verify test clean

verify: .venv/installed
	$(BIN)/survrecon verify digitized/

test: .venv/installed-test
	$(BIN)/ruff check
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto  # a process per processor already; more threads in each would be in each other's way

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-test: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[digitize,kmdata,test]'
	touch .venv/installed $@

clean:
	rm -rf .venv out build dist
