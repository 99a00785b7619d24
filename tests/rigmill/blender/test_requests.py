"""What goes to Blender and comes back: the same JSON on both sides, and jobs that exist."""

from __future__ import annotations

import ast
import json

import pytest

from rigmill.blender import requests
from rigmill.blender.render_settings import RenderSettings
from rigmill.blender.requests import Clip, ClipItem, FoundMotion, PreviewItem, ProbeAnswer
from rigmill.config.load import load
from rigmill.config.schema import Render
from tests.support.paths import ROOT


@pytest.mark.parametrize("profile", ["demo", "paper"])
def test_render_settings_are_the_profiles_section_and_nothing_else(profile: str) -> None:
    section = load(profile).profile.render.model_dump(mode="json")
    settings = RenderSettings.from_json(section)
    assert json.dumps(settings.to_json(), sort_keys=True) == json.dumps(section, sort_keys=True)
    assert settings.num_views == len(section["azimuths_deg"]) and hash(settings)


def test_what_a_section_leaves_out_is_as_in_the_schema_and_what_it_has_too_much_is_refused() -> None:
    section = load("demo").profile.render.model_dump(mode="json")
    defaults = {name: field.default for name, field in Render.model_fields.items() if not field.is_required()}
    short = RenderSettings.from_json({key: value for key, value in section.items() if key not in defaults})
    assert {key: short.to_json()[key] for key in defaults} == defaults
    with pytest.raises(ValueError, match="speed"):
        RenderSettings.from_json(section | {"speed": 1})


def test_questions_and_answers_survive_the_wire() -> None:
    clip = Clip(clip_id="c", path="/a.glb", format="glb", armature="rig", num_frames=3, fps=16.0, start_frame=0.5)
    render = RenderSettings.from_json(load("demo").profile.render.model_dump(mode="json"))
    item = ClipItem(**clip.to_item(), render=render, outputs=("rgb", "mask"))
    assert ClipItem.from_item(json.loads(json.dumps(item.to_item()))) == item
    preview = PreviewItem.from_item(clip.to_item() | {"preview_px": 64, "preview_frames": 5, "start_frame": None})
    assert (preview.preview_px, preview.start_frame, preview.action) == (64, 0.0, None)
    motion = dict.fromkeys(FoundMotion.__dataclass_fields__, 1)
    answer = dict.fromkeys(ProbeAnswer.__dataclass_fields__, 2) | {"motions": [motion]}
    found = ProbeAnswer.from_item(answer)
    assert found.motions[0].num_frames == 1 and json.loads(json.dumps(found.to_item())) == answer


def test_every_job_is_a_function_of_a_module_that_there_is() -> None:
    names = [value for value in vars(requests).values() if isinstance(value, str) and value.startswith("render.")]
    assert len(names) == 7
    for name in names:
        module, _, function = name.partition(":")
        tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
        assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], name
