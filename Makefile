# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile
TORCH := torch==2.13.0

.PHONY: demo test lint bench clean

# PyTorch comes first and by its exact version: otherwise pip takes a GPU build.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Athanor needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): a few minutes the first time"
	$(PIP) $(TORCH)
	$(PIP) --constraint constraints.txt --editable .
	touch $@

$(VENV)/.tools: $(VENV)/.installed
	$(PIP) --constraint constraints.txt --editable '.[test,lint,energies,databases]'
	touch $@

demo: $(VENV)/.installed
	rm -rf build/demo
	$(BIN)/athanor simulate examples/ybco.toml --output build/demo
	@echo "open $(CURDIR)/build/demo/report.html in a browser"

test: $(VENV)/.tools
	$(BIN)/python -m pytest

lint: $(VENV)/.tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/athanor phases check

bench: $(VENV)/.tools
	set -e; for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python $$script --quick; done

clean:
	rm -rf $(VENV) build *.egg-info
