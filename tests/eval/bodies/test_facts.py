"""A body's facts are held against a prompt, by its joints alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curate.world.make import make
from eval.bodies.draw import into_frame
from eval.bodies.facts import facts_fit, facts_of
from eval.bodies.play import play_glb
from rigmill.facts.measure import measure
from tests.support.bench_clips import geometry_of, moving_door

FRAMES = 25


@pytest.fixture(scope="module")
def door():
    data = moving_door(np.linspace(0, 80, FRAMES))
    geometry = geometry_of(data, frames=FRAMES)
    return into_frame(play_glb(data), geometry), geometry


def test_a_door_that_opens_is_one_that_opens(door):
    body, geometry = door
    assert facts_fit(body, geometry, "The door opens.") is True
    assert facts_fit(body, geometry, "The door spins round and round.") is False
    assert facts_fit(body, geometry, "A wooden door.") is None


def test_facts_are_those_of_the_clips_own_numbers(door):
    body, geometry = door
    wanted = measure(geometry.rig, geometry.motion, joints=geometry.joints)
    assert facts_of(body, geometry) == wanted


def test_without_bones_nothing_is_said(door):
    body, geometry = door
    assert facts_fit(replace(body, bones=None), geometry, "The door opens.") is None


def test_bones_of_other_names_are_measured_as_they_are(door):
    body, geometry = door
    assert body.bones is not None
    renamed = replace(body, bones=replace(body.bones, names=("Klappe",)))
    found = facts_of(renamed, geometry)
    assert found is not None and found.parts


@pytest.mark.parametrize(
    ("plan", "motion", "asked", "other"),
    [("horse", "walk", "A horse walks.", "A horse jumps."), ("child", "jump", "A child jumps.", "A child sits.")],
)
def test_generated_bodies_do_what_they_were_made_to_do(plan, motion, asked, other):
    body = play_glb(make(plan, 1, 3, takes=1, only=[motion]).to_glb())
    size = float(np.ptp(body.rest, axis=0).max())
    # The numbers of another rig: where names differ, the body's own joints are what is measured.
    other_rig = geometry_of(moving_door(np.linspace(0, 80, FRAMES)), frames=FRAMES)
    geometry = replace(other_rig, scale=1 / size, offset=body.rest.mean(axis=0))
    shown = into_frame(body, geometry)
    assert facts_fit(shown, geometry, asked) is True
    assert facts_fit(shown, geometry, other) is False
