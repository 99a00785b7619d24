"""Sentences of takes say what is true of them, in more than one way."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from curate.world.acting.truth import Truth
from curate.world.make import make_body, play, random_of
from curate.world.motions import motions, motions_of
from curate.world.plans import plans
from curate.world.words import captions, title_of

BODIES = {plan: make_body(plan, 1, 9) for plan in plans()}


def said(plan: str, name: str, **changed: object) -> list[str]:
    body, motion = BODIES[plan], motions()[name]
    take = play(body, motion, random_of(9, plan, name))
    return captions(body, motion, replace(take.truth, **changed), random_of(1, plan, name), num=5)


@pytest.mark.parametrize("plan", list(BODIES))
def test_every_pair_has_sentences_without_gaps_that_name_the_subject(plan: str) -> None:
    body = BODIES[plan]
    for name, motion in motions_of(body).items():
        take = play(body, motion, random_of(9, plan, name))
        for sentence in captions(body, motion, take.truth, random_of(2, plan, name)):
            assert re.fullmatch(r"An? [a-z][a-z, '-]*\.", sentence), sentence
            assert body.noun in sentence and not re.search(r"\ba [aeiou]|\ban [^aeiou]|  | \.", sentence), sentence


def test_side_way_and_speed_are_told_and_what_is_not_known_is_not() -> None:
    assert all("left" in sentence for sentence in said("adult", "wave", side="left"))
    assert all("right" in sentence for sentence in said("adult", "kick", side="right"))
    forward = dict(direction="forward", in_place=False, style="", speed="")
    assert all(re.search("forward|ahead", sentence) for sentence in said("dog", "walk", **forward))
    assert all(re.search("slow", sentence) for sentence in said("dog", "walk", **(forward | {"speed": "slow"})))
    still = said("dog", "walk", direction="none", in_place=True, style="", speed="")
    assert all(re.search("in place|on the spot", sentence) and "forward" not in sentence for sentence in still)


@pytest.mark.parametrize("plan", ["gate", "window", "door", "lever"])
def test_what_is_called_as_its_part_does_not_have_itself(plan: str) -> None:
    for number in range(6):
        body = make_body(plan, number, 9)
        for name, motion in motions_of(body).items():
            take = play(body, motion, random_of(9, plan, number, name))
            for sentence in captions(body, motion, take.truth, random_of(2, plan, name)):
                assert len(re.findall(rf"\b{body.noun}s?\b", sentence)) == 1, sentence


def test_words_vary() -> None:
    assert len(set(said("adult", "wave", side="left"))) >= 4


def test_titles_are_as_a_person_would_give_them() -> None:
    for body in BODIES.values():
        assert re.fullmatch(r"[A-Z][a-z ]+", title_of(body)) and title_of(body).lower().endswith(body.noun)


def test_truth_survives_as_plain_values() -> None:
    truth = Truth(verb="wave", side="left", period_s=0.6, part="left arm")
    assert Truth.from_row(truth.to_row()) == truth
