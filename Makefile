# One target per stage; every recipe is one command that you can also type yourself.
#   make render PROFILE=demo LIMIT=50 WORKERS=2 SET="render.samples=8 train.mixture={a: 0.5, b: 0.5}"
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
RECIPE =
BASE ?=
# These names are common: a variable of the environment does not count.
CONFIG =
CLIP =
MESH =
PROMPT =
OUT =
N = 5000

# A foreign ./render or ./train in the current folder must never be imported instead of ours.
export PYTHONSAFEPATH = 1
export RAY_USAGE_STATS_ENABLED = 0

RIGMILL := $(VENV)/bin/rigmill
# A variable as one word for the shell, whatever characters it has: $(call option,--set,SET) is --set 'its value'.
option = $(if $(value $(2)),$(1) '$(subst ','\'',$(value $(2)))')
PROFILE_FLAGS = $(call option,--profile,PROFILE) $(call option,--config,CONFIG) $(call option,--set,SET)
RUN_FLAGS = $(PROFILE_FLAGS) $(call option,--limit,LIMIT) $(call option,--workers,WORKERS) $(call option,--ray-address,RAY_ADDRESS)
INSTALLED := $(VENV)/.installed

.PHONY: help setup doctor demo world small-model test test-all coverage check same-bytes docs plan status report verify curate collect probe retarget preview select render category caption shards latents train eval bench export animate clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo 'variables of all of these: PROFILE=demo CONFIG=file.yaml SET="a.b=value c.d={x: 1, y: 2} ..."'
	@echo 'of stages, as well: LIMIT=N WORKERS=N RAY_ADDRESS=host:port'
	@echo 'make export CLIP=id OUT=file.glb    make animate MESH=file.glb PROMPT="it runs" OUT=folder'

setup: $(INSTALLED) ## make .venv and install everything the laptop demo needs (done by itself when needed)

# torch first and pinned, so that pip takes a CPU build where one is offered; see constraints.txt.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "error: Python 3.11 is needed (Blender's module has no other); install it or pass PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -c constraints.txt torch
	$(VENV)/bin/pip install --quiet -c constraints.txt -e ".[blender,curate,caption,train,eval,dev]"
	$(VENV)/bin/python -c "import render.raster.rasteriser, render.raster.corner_normals, rigmill.reconstruct.reconstruct, eval.metrics.registry"  # compiled once, not in a run
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

world: $(INSTALLED) ## generated bodies and motions for training, captioned, in shards: N=5000 clips
	$(RIGMILL) run collect probe preview select render category caption shards --profile world --set 'sources.0.clips=$(subst ','\'',$(value N))' $(call option,--workers,WORKERS) $(call option,--ray-address,RAY_ADDRESS)

small-model: $(INSTALLED) ## train the small model on a world that is made: hours on a CPU; goes on where it was
	$(VENV)/bin/python -m train.small --data data/world --out data/small-model

curate: $(INSTALLED) ## collect, probe, retarget, preview and select in one
	$(RIGMILL) run curate $(RUN_FLAGS)
collect: $(INSTALLED) ## files of the sources, into the store
	$(RIGMILL) run collect $(RUN_FLAGS)
probe: $(INSTALLED) ## which rigs and motions they hold
	$(RIGMILL) run probe $(RUN_FLAGS)
retarget: $(INSTALLED) ## motions onto characters
	$(RIGMILL) run retarget $(RUN_FLAGS)
preview: $(INSTALLED) ## small pictures of every clip, and what is seen in them
	$(RIGMILL) run preview $(RUN_FLAGS)
select: $(INSTALLED) ## the clips that pass every filter
	$(RIGMILL) run select $(RUN_FLAGS)
render: $(INSTALLED) ## four-view videos, pose maps, templates
	$(RIGMILL) run render $(RUN_FLAGS)
category: $(INSTALLED) ## which of the 25 categories each asset is
	$(RIGMILL) run category $(RUN_FLAGS)
caption: $(INSTALLED) ## sentences for every clip
	$(RIGMILL) run caption $(RUN_FLAGS)
shards: $(INSTALLED) ## WebDataset shards and their index
	$(RIGMILL) run shards $(RUN_FLAGS)
latents: $(INSTALLED) ## what training draws, encoded once; where the profile has latents.enabled
	$(RIGMILL) run latents $(RUN_FLAGS)
train: $(INSTALLED) ## the joint video-pose model: RECIPE=name in place of the profile's
	$(RIGMILL) run train $(RUN_FLAGS) $(if $(value RECIPE),--set 'train.recipe=$(subst ','\'',$(value RECIPE))')
eval: $(INSTALLED) ## pose maps back to animated meshes, with errors
	$(RIGMILL) run eval $(RUN_FLAGS)

export: $(INSTALLED) ## a clip as GLB, FBX, BVH, npz or CSV: CLIP=id OUT=file.glb
	@test -n "$(if $(value CLIP),given)" || { echo "error: name a clip: make export CLIP=id OUT=file.glb" >&2; exit 2; }
	$(RIGMILL) export $(call option,,CLIP) $(call option,--out,OUT) $(PROFILE_FLAGS)
animate: $(INSTALLED) ## a mesh and a sentence to a moving mesh: MESH=file.glb PROMPT="it runs"
	@test -n "$(if $(value MESH),$(if $(value PROMPT),given))" || { echo "error: name a mesh and say what it shall do: make animate MESH=file.glb PROMPT='it runs'" >&2; exit 2; }
	$(RIGMILL) animate $(call option,,MESH) $(call option,--prompt,PROMPT) $(call option,--out,OUT) $(PROFILE_FLAGS)

# The demo's assets, and those of a folder where RIGMILL_CORPUS names one.
CORPUS_SOURCE = --set 'sources.+={kind: folder, name: corpus, path: "$(subst ','\'',$(value RIGMILL_CORPUS))"}'
CORPUS = $(if $(value RIGMILL_CORPUS),$(CORPUS_SOURCE))
bench: $(INSTALLED) ## the benchmark split: held-out clips by a seeded rule, as a folder, checked; RIGMILL_CORPUS=folder adds its files
	$(RIGMILL) run curate render category caption shards $(RUN_FLAGS) $(CORPUS)
	$(RIGMILL) bench make $(PROFILE_FLAGS) $(CORPUS)
	$(RIGMILL) bench check $(PROFILE_FLAGS) $(CORPUS)

plan: $(INSTALLED) ## what a run would do and cost; changes nothing
	$(RIGMILL) plan $(PROFILE_FLAGS)
status: $(INSTALLED) ## counts per stage and reasons
	$(RIGMILL) status $(PROFILE_FLAGS)
report: $(INSTALLED) ## static HTML: funnel, rejects, contact sheets, captions, evaluation
	$(RIGMILL) report $(PROFILE_FLAGS)
verify: $(INSTALLED) ## read every file again and compare digests
	$(RIGMILL) verify $(PROFILE_FLAGS)

test: $(INSTALLED) ## the fast tests (5 minutes on two cores)
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile

test-all: $(INSTALLED) ## the fast tests and the slow ones: kill tests, clusters, a whole demo
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile -m "slow or not slow"

coverage: $(INSTALLED) ## the fast tests with a coverage figure (code inside Blender's children and compiled code is not seen)
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile --cov

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
