# The targets are documented where they stand: `make` prints them.
PYTHON ?= python3
WORKSPACE ?= demo/workspace.toml
DEMO := demo/workspace.toml
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run stop test check bench docs lock clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## make .venv from the hash-locked requirements, with the command .venv/bin/recent-activities

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) is not: name one, as in  make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv (about a minute)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@$(BIN)/python -c 'from processors._machine_code import call; call("counted", 0, 0, 0)' # some seconds, once
	@touch $@

$(DEMO): | $(READY)
	$(BIN)/recent-activities init $(@D)

run: $(READY) $(filter $(DEMO),$(WORKSPACE)) ## take what has landed through Airflow to its reports: [WORKSPACE=path/to/workspace.toml] [DATE=day, or FROM=day TO=day] [AS_OF=day]
	$(BIN)/python -m deploy.standalone run --workspace "$(WORKSPACE)" $(if $(DATE),--date "$(DATE)") $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)") $(if $(AS_OF),--as-of "$(AS_OF)")

stop: ## stop the Airflow that `make run` started, and nothing else
	@test ! -e .airflow || $(BIN)/python -m deploy.standalone stop

test: $(READY) ## run the whole test suite, on up to four cores
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(READY) ## lint, types, layers, dependencies, generated documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy deploy dags
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m docs --check

bench: .venv/bench ## measure speed and memory, against others
	$(BIN)/python -m bench

.venv/bench: $(READY) requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-bench.lock
	@touch $@

docs: $(READY) ## write the generated parts of the documentation
	$(BIN)/python -m docs

lock: ## renew requirements*.lock from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra airflow --extra s3 --extra dev \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra spark \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements-spark.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra bench -c requirements.lock \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements-bench.lock

clean: stop ## remove all that these targets made: .venv, caches, Airflow's home, the demo
	rm -rf .venv .airflow demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
