# Each target sets itself up: Python 3.11 or newer, make and a package index are enough.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.11 python3 python; do \
  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
  then echo $$p; break; fi; done)
VENV := .venv
RUN := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format schemas coverage serve laws mutants faults clean

help: ## say what can be made
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/ready ## make .venv with the pinned packages

# The stamp is written last, so that an interrupted set-up starts afresh.
$(VENV)/ready: requirements/run.txt requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is not found; name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet -r requirements/dev.txt
	@touch $@

demo: $(VENV)/ready ## the whole main job on the embedded servers, told step by step
	@$(RUN) -m engine demo

test: $(VENV)/ready ## every check: lint, types, tests on the source and on the installed wheel
	@$(RUN) .ci/check.py

lint: $(VENV)/ready ## ruff and mypy only
	@$(RUN) .ci/check.py lint

format: $(VENV)/ready ## bring the code into its one style
	@$(RUN) -m ruff check --fix --quiet .
	@$(RUN) -m ruff format --quiet .

schemas: $(VENV)/ready ## write schemas/ from the models
	@$(RUN) -m engine schema

coverage: $(VENV)/ready ## write docs/coverage.md from the engine's calls
	@$(RUN) -m tests.coverage

serve: $(VENV)/ready ## serve the sandbox on http://127.0.0.1:8080
	@$(RUN) -m engine sandbox serve --port 8080

laws: $(VENV)/ready ## the laws on 20,000 worlds, drawn anew each time (some hours)
	@WISECTL_WORLDS=$${WISECTL_WORLDS:-20000} WISECTL_SEED=$${WISECTL_SEED:-random} \
	  $(RUN) .ci/check.py laws

mutants: $(VENV)/ready ## take each safeguard out once, and see what notices (forty minutes)
	@$(RUN) -m tests.mutants

faults: $(VENV)/ready ## every operation with every fault; writes docs/reliability.md (half an hour)
	@WISECTL_EVERY_FAULT=1 UPDATE_GOLDEN=1 $(RUN) -m pytest -q -n auto tests/e2e/test_faults.py

clean: ## remove what was made here
	rm -rf $(VENV) .wisectl build dist .mypy_cache .ruff_cache .hypothesis
