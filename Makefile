# What one does with Relais, in one word each. `make` alone lists them.
# Needs Python 3.11 or newer and a POSIX shell with bash; nothing else, and never root.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
ROOMS := schemas dispatcher availability notifications services tests
LOCK_HEADER := "\# Versions and hashes of everything that is installed; made by 'make lock', do not edit."

.PHONY: help run test check format bench chaos smschaos powercut docs lock clean

help: ## this list
	@echo "Relais: what you can ask for"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
	  printf '%-14s %s\n' "$$name" "$$what"; done
	@echo
	@echo "Start with: make run"

run: $(VENV)/.ready ## start everything on this machine and say where to click (Ctrl-C stops it)
	@$(BIN)/relais up

test: $(VENV)/.ready-dev ## all the tests, bringing what they need
	@if $(BIN)/python -m pytest -n auto --dist loadfile; then \
	  echo; echo "All tests passed. Next: make run, or make check before you commit."; \
	else \
	  echo; echo "Some tests failed. Next: .venv/bin/pytest --lf -x   (the failed ones again, stopping at the first)"; \
	  exit 1; \
	fi

check: $(VENV)/.ready-dev ## format, lint, types, import contracts and pure tests, in under a minute
	@failed=""; start=$$SECONDS; \
	step() { \
	  local began=$$SECONDS name="$$1"; shift; \
	  if out="$$("$$@" 2>&1)"; then printf '  ok      %-9s %2d s\n' "$$name" $$((SECONDS - began)); \
	  else failed="$$failed $$name"; printf '%s\n  FAILED  %-9s %2d s\n' "$$out" "$$name" $$((SECONDS - began)); fi; \
	}; \
	step format  $(BIN)/ruff format --check --output-format concise .; \
	step lint    $(BIN)/ruff check --output-format concise .; \
	step types   $(BIN)/mypy; \
	step imports $(BIN)/lint-imports --no-logo; \
	if [ -z "$${RELAIS_CI:-}" ]; then step tests $(BIN)/python -m pytest -n auto -q -m "not (journey or browser or pg or slow)"; fi; \
	echo; \
	if [ -z "$$failed" ]; then echo "Checked in $$((SECONDS - start)) s, nothing to mend. Next: make test"; \
	else echo "To mend:$$failed. Next: make format mends what a machine can; then make check again."; exit 1; fi

format: $(VENV)/.ready-dev ## put the code in shape and mend what a machine can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@echo "Next: make check"

bench: $(VENV)/.ready-dev ## measure the corridor on this machine
	@$(BIN)/python -m tests.bench $(BENCH)
	@echo; echo "Next: compare with the figures in docs/; they hold for one machine only."

CHAOS := var/chaos.md

chaos: $(VENV)/.ready-dev ## kill every process under load, again and again, and count what was lost (20 minutes)
	@$(BIN)/python -m tests.chaos --out $(CHAOS)

smschaos: $(VENV)/.ready-dev ## kill the sender of SMS among faults, beside the policy everybody has (5 minutes)
	@$(BIN)/python -m tests.messaging.chaos

powercut: $(VENV)/.ready-dev ## cut the power under load and see what is left (needs root, for a disk in a file)
	@$(BIN)/python -m tests.chaos --only power-cut --out $(CHAOS)

docs: $(VENV)/.ready ## write docs/asyncapi.json and docs/openapi.json from the code
	@$(BIN)/relais docs write
	@echo "Next: git diff docs/   (a change there is a change of contract)"

lock: ## for maintainers: pin the newest versions pyproject.toml allows (needs uv)
	@UV="$$(command -v uv || ls $(BIN)/uv 2>/dev/null || true)"; \
	if [ -z "$$UV" ]; then echo "make lock needs uv (pip install uv); to run or test Relais you do not."; exit 1; fi; \
	pin() { \
	  { echo $(LOCK_HEADER); "$$UV" pip compile pyproject.toml "$${@:2}" --group build --upgrade --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	    --no-header --quiet; } > "$$1.new" && mv "$$1.new" "$$1"; \
	}; \
	pin requirements.lock; pin requirements-dev.lock --extra dev
	@echo "Next: make test, then look at git diff requirements.lock"

clean: ## remove caches and build leftovers (your data in var/ and the environment stay)
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find $(ROOMS) -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	@echo "Caches are gone. To start from nothing: rm -rf .venv   (and var/, which is the data)"

# --- the environment: made once, and again only when a lock file changes ----------------------------------

# The first Python that is new enough and can make environments (Debian splits that into python3-venv).
$(BIN)/python:
	@for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making the environment in $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV); exit 0; \
	  fi; \
	done; \
	echo "Relais needs Python 3.11 or newer with its venv module, and found: $$(python3 --version 2>/dev/null || echo none)"; \
	echo "On Debian or Ubuntu: apt install python3-venv. On macOS: brew install python@3.13. Then try again."; \
	exit 1

# Counts pip's lines, so that the wait has a visible end.
define INSTALL
	@set -eu -o pipefail; \
	total=$$(grep -c '==' $(1)); \
	echo "Installing $$total packages from $(1), each checked against its hash (a minute or two the first time)"; \
	$(BIN)/python -m pip install --no-input --disable-pip-version-check --progress-bar off \
	  --require-hashes -r $(1) | awk -v total=$$total \
	  '/^(Collecting|Requirement already satisfied)/ { name = ($$1 == "Collecting") ? $$2 : $$4; sub(/==.*/, "", name); n++; \
	   if (n % 10 == 0) { printf "  %d of %d  %s\n", n, total, name; fflush() } } \
	   /^Installing collected/ { print "  all fetched, unpacking"; fflush() }'; \
	$(BIN)/python -m pip install --no-input --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .; \
	echo "The environment is ready."
endef

$(VENV)/.ready: requirements.lock | $(BIN)/python
	$(call INSTALL,requirements.lock)
	@touch $@

# The larger set holds the smaller one, so `make run` after `make test` installs nothing.
$(VENV)/.ready-dev: requirements-dev.lock requirements.lock | $(BIN)/python
	$(call INSTALL,requirements-dev.lock)
	@touch $(VENV)/.ready $@
