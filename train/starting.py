"""The model that a stage of a training begins with: its parent's, or the recipe's own, and what the stage adds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rigmill.errors import UserError
from train.determinism import deterministic_cpu
from train.finished import Parent
from train.hardware import hardware_of
from train.inputs import TrainSettings
from train.recipes import RECIPES, differs
from train.weights import Model, grown, load_model, new_model


def start_model(settings: TrainSettings, parent: Parent | None, folders: Mapping[str, Path]) -> Model:
    """The stage's model before its first step: it says exactly what its parent says."""
    config = settings.config(None if parent is None else parent.config)
    dtype = hardware_of(settings.device).base_dtype
    with deterministic_cpu():
        if parent is not None:
            odd = differs(RECIPES[settings.recipe](settings.size_px), parent.config)
            if odd:
                raise UserError(
                    f"train.stages: {settings.stage} cannot start from checkpoint {parent.checkpoint_id}",
                    why=f"it has {odd}, as recipe {settings.recipe} asks for",
                    fix="name a checkpoint of the same recipe and size",
                    code="E522",
                )
            model = load_model(parent.weights, parent.config, folders, dtype=dtype)
        else:
            model = new_model(settings.root_config(), seed=settings.seed, folders=folders, dtype=dtype)
        return grown(model, config, seed=settings.seed)
