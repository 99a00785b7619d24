"""Verbs of sentences, verbs of motions, and whether the two agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.world.agreement import facts_of
from curate.world.make import make_body, play, random_of
from curate.world.motions import motions_of
from curate.world.words import captions
from rigmill.facts.facts import MotionFacts
from rigmill.facts.verbs import Verb, fits, verb_in, verb_of

PLANS = ("adult", "dog", "bird", "dresser")
Played = list[tuple[str, MotionFacts]]


@pytest.mark.parametrize(
    ("sentence", "verb"),
    [
        ("A red fox walks ahead at a slow pace.", Verb.WALK),
        ("an old wagon opens its gate", Verb.OPEN),
        ("A horse gallops", Verb.RUN),
        ("the dog is wagging its tail", Verb.WAG),
        ("A man shakes his head.", Verb.LOOK),
        ("A woman nods her head and smiles", Verb.NOD),
        ("a fan on a stand spins", Verb.SPIN),
        ("A bird takes off and flies away", Verb.FLY),
        ("He stands still.", Verb.REST),
        ("a boy hops three times", Verb.HOP),
        ("the drawer slides out", Verb.OPEN),
        ("a red fox with a long tail", None),
        ("", None),
    ],
)
def test_the_verb_that_a_sentence_asks_for(sentence: str, verb: Verb | None) -> None:
    assert verb_in(sentence) is verb


@pytest.fixture(scope="module")
def played() -> Played:
    """Caption and facts of every motion of a few bodies that no rule was written on."""
    found = []
    for plan in PLANS:
        body = make_body(plan, 3, 5)
        motions = motions_of(body)
        takes = [play(body, motion, random_of(5, "take", plan, name)) for name, motion in motions.items()]
        for take, facts in zip(takes, facts_of(body, takes)):
            caption = captions(body, motions[take.motion], take.truth, random_of(5, "words", plan, take.motion))[0]
            found.append((caption, facts))
    return found


def test_true_motions_are_called_what_their_captions_say(played: Played) -> None:
    asked = [(caption, facts) for caption, facts in played if verb_in(caption) is not None]
    assert len(asked) > 0.8 * len(played)
    wrong = [(caption, verb_of(facts).value) for caption, facts in asked if not fits(facts, caption)]
    assert len(wrong) <= 0.2 * len(asked), wrong


def test_another_clips_motion_seldom_fits(played: Played) -> None:
    """No verb is so broad that everything is one."""
    asked = [caption for caption, _ in played if verb_in(caption) is not None]
    chance = [fits(facts, caption) for caption in asked for _, facts in played]
    assert sum(map(bool, chance)) < 0.15 * len(chance)
    commonest = Counter(verb_of(facts) for _, facts in played).most_common(1)[0][1]
    assert commonest < 0.25 * len(played)


def test_what_does_not_move_fits_rest_alone(played: Played) -> None:
    still = [facts for caption, facts in played if verb_in(caption) is Verb.REST][0]
    assert fits(replace(still, idle=True, parts=()), "a man stands still")
    for sentence in ("a man walks", "a man waves", "a dog wags its tail", "a man jumps"):
        assert fits(replace(still, idle=True, parts=()), sentence) is False
    assert fits(still, "a man with a hat") is None
