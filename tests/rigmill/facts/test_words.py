"""Facts in a few words."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.captions.scenes import Scene, all_scenes
from rigmill.facts.measure import measure
from rigmill.facts.words import in_words

SAID = {
    "mixamo: walks forward": "walks forward",
    "mixamo: walks backward_left in place": "walks backward and to the left in place",
    "vrm: runs": "runs forward",
    "mixamo: walks in a circle to the left": "walks in a circle",
    "mixamo: turns -360": "turns right by 360 degrees",
    "mixamo: jumps 2 times": "jumps 2 times",
    "unnamed person: flips backward": "flips backward",
    "vrm: idles at 30": "hardly moves",
    "mixamo: waves its right arm": "its right arm waves",
    "mixamo: punches with its left arm": "its left arm shoots out",
    "mixamo: lowers its left arm": "its left arm sinks",
    "mixamo: sits down": "sits down",
    "bat: flaps every 0.5 s": "both its wings swing",
    "dog: wags its tail": "hardly moves",
    "cabinet: door opens by 95": "its door opens",
    "cabinet: drawer slides out by 0.4": "its drawer slides out",
    "machine: wheel spins -3.0 times": "its wheel spins",
}


@cache
def scenes() -> dict[str, Scene]:
    return {scene.name: scene for scene in all_scenes() if scene.name in SAID}


@pytest.mark.parametrize("name", SAID)
def test_a_motion_is_said_plainly(name: str) -> None:
    scene = scenes()[name]
    said = in_words(measure(scene.made.rig, scene.motion, humanoid=scene.made.humanoid))
    assert said.startswith(SAID[name])
