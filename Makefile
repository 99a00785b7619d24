# One target per stage; every recipe is one command that you can also type yourself.
#   make render PROFILE=demo LIMIT=50 WORKERS=2 SET="render.samples=8"
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= $(or $(shell command -v python3.11),python3)
VENV ?= .venv
PROFILE ?= demo
LIMIT ?=
WORKERS ?=
SET ?=
RAY_ADDRESS ?=
BASE ?=

# A foreign ./render or ./train in the current folder must never be imported instead of ours.
export PYTHONSAFEPATH = 1
export RAY_USAGE_STATS_ENABLED = 0

RIGMILL := $(VENV)/bin/rigmill
PROFILE_FLAGS = --profile $(PROFILE) $(foreach value,$(SET),--set $(value))
RUN_FLAGS = $(PROFILE_FLAGS) $(if $(LIMIT),--limit $(LIMIT)) $(if $(WORKERS),--workers $(WORKERS)) $(if $(RAY_ADDRESS),--ray-address $(RAY_ADDRESS))
INSTALLED := $(VENV)/.installed

.PHONY: help setup doctor demo test test-all coverage check same-bytes docs plan status report verify curate render caption shards train eval clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo "  variables: PROFILE=demo LIMIT=N WORKERS=N SET=\"a.b=value ...\" RAY_ADDRESS=host:port"

setup: $(INSTALLED) ## make .venv and install everything the laptop demo needs (done by itself when needed)

# torch first and pinned, so that pip takes a CPU build where one is offered; see constraints.txt.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "error: Python 3.11 is needed (Blender's module has no other); install it or pass PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -c constraints.txt torch
	$(VENV)/bin/pip install --quiet -c constraints.txt -e ".[blender,curate,train,eval,dev]"
	$(VENV)/bin/python -c "import render.raster.rasteriser, render.raster.corner_normals, rigmill.reconstruct.reconstruct"  # compiled once, not in a run
	@touch $(INSTALLED)

doctor: $(INSTALLED) ## check this machine; names what is missing and how to install it
	$(RIGMILL) doctor

# Everybody's demo is the same; a variable that it would ignore is refused.
NOT_FOR_DEMO = $(strip $(foreach name,LIMIT PROFILE SET RAY_ADDRESS,$(if $(findstring command line,$(origin $(name))),$(name))))
.PHONY: demo-as-it-ships
demo-as-it-ships:
	@test -z "$(NOT_FOR_DEMO)" || { echo "error: make demo reads WORKERS alone, not $(NOT_FOR_DEMO); with these: rigmill run all --profile NAME --limit N --set a.b=value --ray-address HOST:PORT" >&2; exit 2; }

demo: demo-as-it-ships $(INSTALLED) ## assets to animated meshes in minutes: no network, no GPU, no weights; ends with a report
	$(RIGMILL) run all --profile demo $(if $(WORKERS),--workers $(WORKERS))
	$(RIGMILL) report --profile demo

curate: $(INSTALLED) ## collect, probe, retarget, filter
	$(RIGMILL) run curate $(RUN_FLAGS)
render: $(INSTALLED) ## four-view videos, pose maps, templates
	$(RIGMILL) run render $(RUN_FLAGS)
caption: $(INSTALLED) ## captions and categories
	$(RIGMILL) run caption $(RUN_FLAGS)
shards: $(INSTALLED) ## WebDataset shards and their index
	$(RIGMILL) run shards $(RUN_FLAGS)
train: $(INSTALLED) ## the joint video-pose model
	$(RIGMILL) run train $(RUN_FLAGS)
eval: $(INSTALLED) ## pose maps back to animated meshes, with errors
	$(RIGMILL) run eval $(RUN_FLAGS)

plan: $(INSTALLED) ## what a run would do and cost; changes nothing
	$(RIGMILL) plan $(PROFILE_FLAGS)
status: $(INSTALLED) ## counts per stage and reasons
	$(RIGMILL) status $(PROFILE_FLAGS)
report: $(INSTALLED) ## static HTML: funnel, rejects, contact sheets, captions, evaluation
	$(RIGMILL) report $(PROFILE_FLAGS)
verify: $(INSTALLED) ## read every file again and compare digests
	$(RIGMILL) verify $(PROFILE_FLAGS)

test: $(INSTALLED) ## the fast tests (5 to 6 minutes on two cores)
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

test-all: $(INSTALLED) ## the fast tests and the slow ones: kill tests, clusters, a whole demo
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile -m "slow or not slow"

coverage: $(INSTALLED) ## the fast tests with a coverage figure (code inside Blender's children and compiled code is not seen)
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile --cov

check: $(INSTALLED) ## lint, types, import rules, generated docs
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python docs/generate.py --check

same-bytes: $(INSTALLED) ## the demo with this code and with commit BASE=...: tables, store and shards compared
	@test -n "$(BASE)" || { echo "error: name a commit to compare with: make same-bytes BASE=main~1" >&2; exit 2; }
	$(VENV)/bin/python -m tests.same_bytes $(BASE)

docs: $(INSTALLED) ## rewrite the generated references
	$(VENV)/bin/python docs/generate.py

clean: $(INSTALLED) ## remove the profile's output, models too (not the environment)
	$(RIGMILL) clean --all $(PROFILE_FLAGS)
