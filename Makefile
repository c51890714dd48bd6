# Everything sets itself up: `make run` and `make test` are enough on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
COMPILED := $(VENV)/.compiled
PLOTLY := $(VENV)/.plotly-fetched
# Compiled at the installation: else each start compiles everything anew where Python may not write
# what it compiled (PYTHONDONTWRITEBYTECODE, a read-only system, another user's files).
INSTALL = VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes
DEMO_DATA_DIR ?= data-demo
OWN_CODE := app.py callbacks components models services

# A file of tests stays on one process: what its tests share is made once; so do all that start
# TensorFlow (tests/conftest.py). On two cores, three processes leave no time unused.
PARALLEL = -n 3 --dist loadfile --no-loadscope-reorder
# What one run compiled, the next one finds: else each process compiles every test anew.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

.PHONY: run demo test test-fast test-scale test-under-load check audit format bench lighthouse bench-forecast screenshots retrain lock clean

run: $(COMPILED) | $(PLOTLY)
	@$(BIN)/python -m services.roles.supervisor

# Eight simulated weeks first, so that a newcomer sees everything full; DEMO_DATA_DIR says where.
demo: $(COMPILED) | $(PLOTLY)
	@$(BIN)/python -m services.observe.simulated_past --data-dir "$(DEMO_DATA_DIR)"
	@TRAFFIC_SOURCE=demo TRAFFIC_DATA_DIR="$(DEMO_DATA_DIR)" $(BIN)/python -m services.roles.supervisor

test: $(DEV) | $(PLOTLY)
	@sh tests/browser/install_browser.sh
	@sh tests/install_promtool.sh $(BIN)
	@sh tests/install_postgres.sh
	$(PYTEST) $(PARALLEL) -m "not scale"

test-fast: $(DEV)
	@sh tests/install_postgres.sh
	$(PYTEST) $(PARALLEL) -m "not browser and not tensorflow and not scale"

# Several hosts at a time, of several processes each: one file after another.
test-scale: $(DEV) | $(PLOTLY)
	@sh tests/install_postgres.sh
	@sh tests/install_nginx.sh
	$(PYTEST) -m scale

# Half an hour and more: ROUNDS=1 for one round.
test-under-load: $(DEV)
	@sh tests/browser/install_browser.sh
	@sh tests/browser/under_load.sh $(BIN)/python $(ROUNDS)

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/oxlint --deny-warnings
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml

# Known vulnerabilities of what is locked; asks PyPI, and fails where it could not ask.
audit: $(DEV)
	@$(BIN)/python -m tests.audit_dependencies

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pictures of docs/screenshots/: pages, screens, colours and states.
screenshots: $(DEV) | $(PLOTLY)
	@sh tests/browser/install_browser.sh
	$(BIN)/python -m tests.browser.screenshots

bench: $(DEV) $(COMPILED) | $(PLOTLY)
	@sh tests/browser/install_browser.sh
	$(BIN)/python -m benchmarks

# Scores of the public pages on a phone; npm fetches Lighthouse when it is first asked for.
lighthouse: $(DEV) $(COMPILED) | $(PLOTLY)
	@sh tests/browser/install_browser.sh
	$(BIN)/python -m benchmarks.lighthouse

# SPEEDS is a wide CSV of speeds, ARGUMENTS anything else: make bench-forecast SPEEDS=los_speed.csv
bench-forecast: $(RUNTIME)
	$(BIN)/python -m models.evaluate --speeds "$(SPEEDS)" --protocol tgcn $(ARGUMENTS)

# Every model that is shipped but the camera's, anew from nothing: ten to twenty minutes on two cores.
retrain: $(RUNTIME)
	$(BIN)/python -m models.shipped

lock: $(DEV)
	$(BIN)/uv pip compile --group node --universal --python-version 3.11 --generate-hashes -o requirements-node.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes -o requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"

$(RUNTIME): requirements.txt | $(VENV)/bin/uv
	$(INSTALL) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt | $(VENV)/bin/uv
	$(INSTALL) -r requirements-dev.txt
	@touch $@ $(RUNTIME)

# Half the size of what the package on PyPI has. Without it pages load that one: no start fails.
$(PLOTLY): requirements-node.txt services/web/plotly_bundle.py | $(RUNTIME)
	-@$(INSTALL) -r requirements-node.txt && $(BIN)/python -m services.web.plotly_bundle && touch $@

$(COMPILED): $(RUNTIME) $(shell find $(OWN_CODE) -name '*.py')
	@$(BIN)/python -m compileall -q $(OWN_CODE)
	@touch $@
