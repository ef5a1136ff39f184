# Two targets do everything: `make run` and `make test`. Both are safe to repeat.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 2
STAMP := $(VENV)/.installed
# Mirrored recordings, where they are at hand (see README).
COGMODELS_MIRROR ?= $(abspath $(wildcard ../shared/data))
export COGMODELS_MIRROR
FLOCK := $(if $(shell command -v flock),flock --wait 60 --conflict-exit-code 3 .snakemake/make-run.lock,)
# Bars in a terminal, lines of text elsewhere.
LOGGER = $(shell test -t 2 && $(BIN)/python -c "import snakemake_logger_plugin_rich" 2>/dev/null && echo --logger rich)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# OSIE=1: real scanpaths beside the default study's simulated ones.
OVERLAY := $(if $(filter 1 yes true,$(OSIE)),--configfile config/ablations/with-osie.yaml)

.PHONY: run test check fast format docs bench drill lock generate clean help

# One `make run` at a time. The jobs of a run that was killed are waited for; its lock is then stale and is cleared.
run: $(STAMP)  ## set up and run the default study; OSIE=1 adds real scanpaths, from the mirror or the internet
	@mkdir -p .snakemake
	@echo "$(BIN)/snakemake --cores $(CORES) $(OVERLAY)"
	@$(FLOCK) sh -c '$(BIN)/snakemake --unlock --quiet all; exec $(BIN)/snakemake --cores $(CORES) $(LOGGER) $(OVERLAY)' || { \
	    status=$$?; \
	    test $$status -ne 3 || echo "Another run still works in this folder: wait for it, or end it." >&2; \
	    exit $$status; }

test: $(STAMP)  ## set up, check the code, run every test
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder $(PYTEST)

fast: $(STAMP)  ## the tests that take seconds
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder -m "not slow" $(PYTEST)

check: $(STAMP)  ## style, floors, workflow lint, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/lint-imports
	$(BIN)/snakemake --lint
	$(BIN)/python -m cogmodels.config.generate --check
	$(BIN)/python docs/update_readme.py --check

format: $(STAMP)  ## put code and rules into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

generate: $(STAMP)  ## write what is generated: config.yaml, schemas, options, README graph and results
	$(BIN)/python -m cogmodels.config.generate
	$(BIN)/python docs/update_readme.py

docs: $(STAMP)  ## the documentation site, site/index.html; fails on a broken link or reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(STAMP)  ## our kernels beside their peers, each peer in an environment of its own; AREA=gaze for one area
	$(BIN)/python benchmarks/bench.py $(AREA)

drill: $(STAMP)  ## a small study killed, out of room, cut, raced, queued, without W&B's server: same results; minutes. STUDY=default
	COGMODELS_DRILL=5 COGMODELS_DRILL_STUDY=$(or $(STUDY),tiny) $(BIN)/python -m pytest -n 0 -s tests/dag/test_drill.py

lock:  ## resolve the ranges of pyproject anew and pin them
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet ".[alignment,diffusion,docs,eyelink,icalabel,kubernetes,logger,slurm,test,text]"
	.venv-lock/bin/pip freeze --exclude cogmodels | sed 's/+cpu$$//' > envs/requirements.lock
	rm -rf .venv-lock

# The stamp is written last, so a broken installation is never taken for whole.
$(STAMP): envs/requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --requirement envs/requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	$(BIN)/pip check
	touch $@

clean:  ## remove what the study made (not the environment)
	rm -rf data derivatives results logs .snakemake

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
