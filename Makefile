# Everything a developer needs. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ORDERS ?= 22
SEEDS ?= 0:5000
CHAOS_SECONDS ?= 180
CHAOS_SEED ?=
FUZZ_EVENTS ?= 100000
FUZZ_REQUESTS ?= 200
FUZZ_ANSWERS ?= 10000
# What the image stands on; empty: this machine's own Debian.
BASE ?=
# Processes that share the tests, each with a broker and a PostgreSQL of its own; empty: one, in order.
PARALLEL ?= -n auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-quick check-deploy check-alerts check-page chaos fuzz bench bench-short simulate image check-image sbom lint format schemas lock clean

help: ## List what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the virtual environment (the other targets do it by themselves)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## Show orders going the whole way, on a real broker (ORDERS=500 for more, STAY=1 to look around)
	@$(BIN)/orderflex demo --orders $(ORDERS) $(if $(STAY),--stay)

test: $(READY) ## Run every test: real Kafka broker, real PostgreSQL, the stand-in of PRO
	@$(BIN)/python -m pytest $(PARALLEL)

test-quick: $(READY) ## Run the tests that need neither broker nor PostgreSQL nor images
	@$(BIN)/python -m pytest $(PARALLEL) -m "not kafka and not postgresql and not image"

check-alerts: $(READY) ## Check metrics, dashboards and alerts on a real Prometheus
	@$(BIN)/python -m pytest $(PARALLEL) tests/watching

check-page: $(READY) ## Look at the operator page in a real browser: accessibility, keyboard, no foreign request
	@$(BIN)/python -m pytest tests/page

chaos: $(READY) ## Kill, freeze and cut off everything under load, then count (CHAOS_SECONDS, CHAOS_SEED)
	@$(BIN)/python -m tests.chaos --seconds $(CHAOS_SECONDS) $(if $(CHAOS_SEED),--seed $(CHAOS_SEED))

fuzz: $(READY) ## Send what nobody should send: events, requests, answers of PRO (FUZZ_EVENTS=100000)
	@FUZZ_EVENTS=$(FUZZ_EVENTS) FUZZ_REQUESTS=$(FUZZ_REQUESTS) FUZZ_ANSWERS=$(FUZZ_ANSWERS) \
		$(BIN)/python -m pytest $(PARALLEL) tests/fuzz tests/privacy tests/journeys/test_hostile_events.py

bench: $(READY) ## Measure anew what docs/benchmarks.md shows (about 20 minutes, on a quiet machine)
	@$(BIN)/python -m bench all

bench-short: $(READY) ## Prove in two minutes that the benchmarks run; the results stay in var/bench
	@$(BIN)/python -m bench all --short

simulate: $(READY) ## Play thousands of seeded schedules of trouble in virtual time (SEEDS=0:5000)
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --jobs $$(nproc)

check-deploy: $(READY) ## Check the Helm chart, the kustomize overlay and the Dockerfile, without a cluster
	@deploy/tools
	@$(BIN)/python -m pytest $(PARALLEL) tests/deploy

image: $(READY) ## Build the image by buildah, as root (BASE=python:3.11-slim for another base)
	@$(BIN)/python -m release image $(if $(BASE),--base $(BASE))

check-image: $(READY) ## Build the image, run it with nothing allowed, send orders through it
	@$(BIN)/python -m pytest tests/image

sbom: $(READY) ## Write what the image runs on (CycloneDX) to var/sbom.cdx.json
	@$(BIN)/python -m release sbom

lint: $(READY) ## Check style, types, import directions, and that generated files are current
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy docs/generate.py
	@$(BIN)/mypy deploy/boards/*.py
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m service.events.schemas check
	@$(BIN)/python docs/generate.py check
	@$(BIN)/python deploy/boards/generate.py check

format: $(READY) ## Put the code in form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schemas: $(READY) ## Write what is generated anew: schemas, AsyncAPI, settings, metrics, coverage
	@$(BIN)/python -m service.events.schemas write
	@$(BIN)/python docs/generate.py write
	@$(BIN)/python deploy/boards/generate.py write
	@$(BIN)/python -m tests.promises.pro_coverage
	@$(BIN)/python -m tests.deploy.facts

lock: $(READY) ## Lock the newest versions that pyproject.toml allows, with hashes
	@$(BIN)/python -m pip install --quiet uv
	@for extra in "" "--extra dev"; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-emit-find-links --no-header $$extra pyproject.toml \
			-o requirements$$(test -z "$$extra" || echo -dev).lock; done

clean: ## Remove what was made here: environment, caches, demo folders
	rm -rf $(VENV) .cache var .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
