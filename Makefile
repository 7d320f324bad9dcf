# make demo         the Cuba 1962 example, end to end
# make test         everything that CI runs
# make docs         the documentation as a site, in site/
# make bench        the measures of docs/performance.md; findings in .benchmarks/latest.json
# make bench-peers  the same questions to pygambit and OpenSpiel, as ratios; installs both
# make constraints  new exact versions, from what pyproject.toml allows
# make clean        away with what was made, but for the virtual environment
#
# PYTHON names the interpreter (3.11 or later), VENV the folder of the virtual environment.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINS := pyproject.toml constraints.txt
CUBA := scenarios/cuba-1962/hawk.yaml
MEASURE := -m pytest --benchmark-columns=median,min,max,rounds --benchmark-sort=name

.PHONY: demo test docs bench bench-peers constraints clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	$(BIN)/escalade forecast $(CUBA)
	@mkdir -p demo
	$(BIN)/escalade report $(CUBA) --out demo/cuba-1962.html
	@echo
	@echo "The report lies at $(CURDIR)/demo/cuba-1962.html"

test: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.installed-bench
	@mkdir -p .benchmarks
	$(BIN)/python $(MEASURE) --benchmark-json=.benchmarks/latest.json \
	  benchmarks --ignore=benchmarks/test_peers.py

bench-peers: $(VENV)/.installed-peers
	@mkdir -p .benchmarks
	$(BIN)/python $(MEASURE) --benchmark-json=.benchmarks/peers.json benchmarks/test_peers.py

$(VENV)/.installed: $(PINS) | $(BIN)/pip
	@echo "Installing Escalade into $(VENV); the first time takes about a minute."
	@$(PIP) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-%: $(PINS) | $(BIN)/pip
	@echo "Installing Escalade and what '$*' needs into $(VENV); the first time takes about a minute."
	@$(PIP) --constraint constraints.txt --editable '.[$*]'
	@touch $@ $(VENV)/.installed

# The file comes last of all that `venv` makes, so half an environment is never taken for a whole.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Escalade needs Python 3.11 or later; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another interpreter: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

constraints:
	$(PYTHON) -m venv --clear build/pins
	build/pins/bin/python -m pip install --quiet --editable '.[test,peers]'
	sed -n '/^#/p' constraints.txt > build/pins/constraints.txt
	build/pins/bin/python -m pip freeze --exclude-editable >> build/pins/constraints.txt
	mv build/pins/constraints.txt constraints.txt

clean:
	rm -rf build demo dist site .benchmarks .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
