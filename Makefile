# Two commands do everything on a fresh machine: `make perform` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: perform test lint bench demo wheel clean

perform: $(VENV)/.core
	@mkdir -p out
	$(BIN)/emogen perform examples/story.md -o out/story.mp4

test: lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy -p emogen

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

demo: $(VENV)/.dev
	$(BIN)/python app.py

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel

clean:
	rm -rf out build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	@echo "Setting up emogen (a few minutes the first time) ..."
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(INSTALL) --editable ".[dev,demo,train]"
	@touch $@
