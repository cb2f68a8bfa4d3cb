# Every verb of the house; `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin

# The tests start hundreds of processes. Where nothing may be written beside the source, each compiles it all again.
export PYTHONDONTWRITEBYTECODE :=

SOURCES := service tests bench hatch_build.py lock_audit.py release.py

# Folders of service/ whose branches the tests of their own folder must cover, and how far.
COVERED := core publishing calendars
FLOOR := 97
FLOOR_OF_ALL := 92

# Pure tests: no server, no database, no browser. What reads a lot is marked `slow`.
FAST := $(addprefix tests/,core calendars publishing settings sources trueconf web)

ONLY ?=
# More workers than cores: a third of the time of the tests is waiting for servers and leases. Not many more: each
# imports all tests, and has a PostgreSQL and a browser of its own.
IN_PARALLEL := --numprocesses=4 --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: help install install-locked demo run check format test fast coverage bench soak lock image docs pictures release clean

help: ## list these verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/dev ## make .venv with everything that working on confcal needs

# A lock is whole: nothing is resolved again. pip before 25 would ask for the newest `coverage` where a package wants
# `coverage[toml]`, and refuse it, since it has no hash.
install-locked: ## make .venv as CI does, with the versions of requirements-dev.lock
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement=requirements-dev.lock
	$(BIN)/pip check --quiet
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/dev .venv/run

demo: .venv/run ## show confcal at work, with a stand-in for a TrueConf Room
	@$(BIN)/confcal demo

run: .venv/run ## run the daemon with the settings of the environment
	@$(BIN)/confcal run

check: .venv/dev ## lint, types, layers, the rules of the house, known vulnerabilities
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house
	$(BIN)/python lock_audit.py

format: .venv/dev ## let ruff put the code in order
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# What is marked `thorough` runs in CI, and where it is named.
ALL := $(IN_PARALLEL) $(if $(filter true,$(CI)),,-m 'not thorough')

test: .venv/dev tests/readers/node_modules tests/browser/node_modules ## run the tests, all with CI=true, or those of ONLY=path
	$(BIN)/pytest $(if $(ONLY),$(ONLY),$(ALL))

fast: .venv/dev ## run the pure tests, in well under a minute
	$(BIN)/pytest --numprocesses=2 --dist=worksteal -m 'not slow' $(FAST)

coverage: .venv/dev tests/readers/node_modules ## measure the branches that the tests run, and fail below the floors
	for folder in $(COVERED); do \
	  $(BIN)/pytest $(IN_PARALLEL) --cov=service/$$folder --cov-branch --cov-fail-under=$(FLOOR) tests/$$folder || exit; done
	$(BIN)/pytest $(IN_PARALLEL) --cov=service --cov-branch --cov-fail-under=$(FLOOR_OF_ALL)

bench: .venv/dev ## measure speed against rivals, in one run
	$(BIN)/python -m bench

MINUTES ?= 20
soak: .venv/dev ## run the daemon for MINUTES with 20 Rooms, faults, feeds, a target and reloads
	SOAK_MINUTES=$(MINUTES) $(BIN)/pytest -q -s tests/soak

LOCK := $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --upgrade

# The versions that the tests ran with come first: the image holds no others.
lock: .venv/dev ## renew the hashed versions that CI tests with and the image is built from
	$(LOCK) --extra=dev --build-deps-for=wheel --build-deps-for=editable --output-file=requirements-dev.lock pyproject.toml
	$(LOCK) --constraint=requirements-dev.lock --extra=notify --output-file=requirements.lock pyproject.toml
	$(LOCK) --constraint=requirements-dev.lock --build-deps-for=wheel --only-build-deps \
	  --output-file=requirements-build.lock pyproject.toml

image: ## build the container image
	docker build --build-arg SOURCE_COMMIT="$$(git rev-parse --short=12 HEAD 2>/dev/null)" --tag confcal .

docs: .venv/dev ## write the pages that are made from the source
	$(BIN)/python -m tests.docs.log_events
	$(BIN)/confcal settings --reference > docs/settings.md
	$(BIN)/confcal settings --example > config/confcal.env.example

pictures: .venv/dev ## take the pictures of the README anew, in Chromium
	PICTURES=docs/pictures $(BIN)/pytest -q tests/browser/test_pictures.py

release: .venv/dev ## build wheel, sdist, image, SBOMs, notes and checksums into dist
	$(BIN)/python release.py

clean: ## remove what was made here
	rm -rf .venv build dist artefacts tests/readers/node_modules tests/browser/node_modules
	rm -rf .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The build compiles the catalogues.
BUILT_FROM := pyproject.toml hatch_build.py $(wildcard service/locale/*/LC_MESSAGES/*.po)

.venv/run: $(BUILT_FROM)
	@echo "Installing confcal into .venv ..." >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: $(BUILT_FROM)
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/run

# The tests tell, loudly, what they leave out where npm is missing.
tests/%/node_modules: tests/%/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix $(@D) --no-audit --no-fund --silent && touch $@; \
	else echo "npm is missing: $(@D) lacks its JavaScript" >&2; fi
