"""Whether a model sees: models that know all, guess, or are blind to order or side are told apart."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from caption.model_probe.figure import Pose, figure_clip
from caption.model_probe.known import KnownClip, drawn_clips
from caption.model_probe.probe import SCHEMA, Score, judged, probe, probe_question
from caption.model_probe.truth import Direction, Side, Truth, Verb
from caption.pictures.parts import Picture
from caption.questions.question import Question, Reply, Usage
from rigmill.config.caption import Pictures
from rigmill.outcomes import Refusal, Reject
from rigmill.types import Row
from tests.support.clip_views import BLUE, RED, block_clip, middle_px, pixels

SMALL = Pictures(views=2, times=2, side_px=56)


@pytest.fixture(scope="module")
def clips() -> list[KnownClip]:
    """Eight clips with the truths of the drawn ones; the pictures are small."""
    truths = [
        Truth(Direction.FORWARD, None, Verb.STEPS),
        Truth(Direction.BACKWARD, None, Verb.STEPS),
        Truth(Direction.LEFT),
        Truth(Direction.TURNS_RIGHT, None, Verb.TURNS),
        Truth(Direction.NONE, Side.LEFT, Verb.ARM),
        Truth(Direction.NONE, Side.RIGHT, Verb.ARM),
        Truth(Direction.NONE, Side.NONE, Verb.STANDS),
        Truth(verb=Verb.OPENS),
    ]
    return [KnownClip(f"clip {number}", block_clip(5, (0, 90)), truth) for number, truth in enumerate(truths)]


class Told:
    """Answers by the truth of each clip in the order in which the probe asks, as a way of seeing bends it."""

    def __init__(self, clips: list[KnownClip], bend: Callable[[KnownClip, str], Row]) -> None:
        ways = ("", "reversed", "mirrored")
        self._answers = [bend(clip, way) for clip in clips for way in ways]
        self.asked = 0

    async def ask(self, question: Question) -> Reply:
        value = self._answers[self.asked]
        self.asked += 1
        jsonschema.validate(value, question.schema)
        return Reply(value, json.dumps(value), "m", Usage(1, 1), cached=False, num_requests=1)


def said(truth: Truth) -> Row:
    return {
        "direction": str(truth.direction or Direction.NONE),
        "side": str(truth.side or Side.BOTH),
        "verb": str(truth.verb or Verb.STANDS),
    }


def way(clip: KnownClip, name: str) -> Truth:
    return {"": clip.truth, "reversed": clip.truth.in_reverse(), "mirrored": clip.truth.in_mirror()}[name]


def asked(clips: list[KnownClip], bend: Callable[[KnownClip, str], Row]):
    return asyncio.run(probe(clips, Told(clips, bend), SMALL))


def test_a_model_that_sees_is_not_warned_of(clips: list[KnownClip]) -> None:
    result = asked(clips, lambda clip, name: said(way(clip, name)))
    assert result.warnings() == [] and result.wrong == () and not result.knows_nothing
    assert {name: (one.asked, one.right) for name, one in result.scores.items()} == {
        "direction": (21, 21),
        "side": (9, 9),
        "verb": (21, 21),
    }
    assert "direction      100%  21 of 21, guessing 43%" in result.to_text()


def test_a_model_blind_to_order_is_told_so(clips: list[KnownClip]) -> None:
    """It answers for a reversed clip as for the clip itself."""
    result = asked(clips, lambda clip, name: said(clip.truth if name == "reversed" else way(clip, name)))
    assert (result.reversed_pairs.asked, result.reversed_pairs.same) == (5, 5)
    assert any("in which order" in warning for warning in result.warnings())
    assert not any("left from right" in warning for warning in result.warnings())
    assert any(
        line == "clip 0, reversed: direction is 'travels backward', not 'travels forward'" for line in result.wrong
    )


def test_a_model_blind_to_sides_is_told_so(clips: list[KnownClip]) -> None:
    result = asked(clips, lambda clip, name: said(clip.truth if name == "mirrored" else way(clip, name)))
    assert (result.mirrored_pairs.asked, result.mirrored_pairs.same) == (4, 4)
    assert any("left from right" in warning for warning in result.warnings())
    assert not any("in which order" in warning for warning in result.warnings())


def test_a_model_that_guesses_knows_nothing(clips: list[KnownClip]) -> None:
    guess = random.Random(3)

    def guessed(clip: KnownClip, name: str) -> Row:
        return {key: guess.choice(one["enum"]) for key, one in SCHEMA["properties"].items()}

    result = asked(clips, guessed)
    assert result.knows_nothing
    warnings = result.warnings()
    assert any("knows nothing" in warning for warning in warnings)
    assert all(any(f"the {name} is right" in warning for warning in warnings) for name in result.scores)


def test_a_model_that_always_says_the_same_knows_nothing(clips: list[KnownClip]) -> None:
    result = asked(clips, lambda clip, name: said(Truth(Direction.FORWARD, Side.LEFT, Verb.STEPS)))
    assert result.knows_nothing and any("order" in warning for warning in result.warnings())


def test_under_nine_in_ten_is_warned_of_and_more_is_not() -> None:
    for wrong, warned in ((2, False), (3, True)):
        truths = [Truth(direction) for direction in Direction] * 3
        variants = [KnownClip("c", block_clip(2, (0,)), truth) for truth in truths]
        answers = [said(truth if number >= wrong else Truth(Direction.NONE)) for number, truth in enumerate(truths)]
        assert bool(judged(variants, answers).warnings()) is warned


def test_too_few_clips_are_said_to_be_too_few_and_the_model_is_not_blamed() -> None:
    clips = [KnownClip("c", block_clip(5, (0, 90)), Truth(Direction.FORWARD))]
    result = asked(clips, lambda clip, name: said(way(clip, name)))
    assert not result.knows_nothing and [warning[:30] for warning in result.warnings()] == [
        "these clips are too few, or to"
    ]


def test_no_answer_is_no_right_answer(clips: list[KnownClip]) -> None:
    class Mute:
        async def ask(self, question: Question) -> Reply:
            raise Refusal(Reject.BAD_ANSWER, "the answer is not JSON")

    result = asyncio.run(probe(clips, Mute(), SMALL))
    assert result.num_unanswered == 24 and result.knows_nothing
    assert any("response_format" in warning for warning in result.warnings())
    json.dumps(result.to_row())


def test_what_stops_the_stage_stops_the_probe_after_all_calls_have_ended(clips: list[KnownClip]) -> None:
    ended = []

    class Broken:
        async def ask(self, question: Question) -> Reply:
            number = len(ended)
            ended.append(number)
            await asyncio.sleep(0)
            raise KeyError("no key") if number == 0 else Refusal(Reject.BAD_ANSWER, "")

    with pytest.raises(KeyError):
        asyncio.run(probe(clips, Broken(), SMALL))
    assert len(ended) == 24


def test_guessing_is_told_from_knowing_by_how_often_luck_would_do_as_well() -> None:
    assert not Score(21, 6, 1 / 7).knows  # 29 % where 14 % is luck: happens in 6 of 100 probes
    assert Score(21, 9, 1 / 7).knows
    assert not Score(21, 9, 3 / 7).knows  # three in seven clips are the same: who always says so is as good
    assert not Score(0, 0, 1 / 7).knows and Score(0, 0, 1 / 7).share == 0


def test_each_clip_is_asked_about_as_it_is_reversed_and_mirrored() -> None:
    clip = KnownClip("block", replace(block_clip(25)), Truth(Direction.LEFT))
    settings = Pictures(views=1, times=2, side_px=112)
    starts = []
    for variant in (clip, clip.in_reverse(), clip.in_mirror()):
        pictures = [part for part in probe_question(variant, settings).parts if isinstance(part, Picture)]
        starts.append([(middle_px(pixels(one), RED), middle_px(pixels(one), BLUE)) for one in pictures])
    plain, backward, mirrored = starts
    assert plain[0][0] < plain[1][0] and backward[0][0] > backward[1][0] and mirrored[0][0] > mirrored[1][0]
    assert plain[0][0] < plain[0][1] and mirrored[0][0] > mirrored[0][1]


def test_the_drawn_figure_does_what_it_is_said_to_do() -> None:
    """By the colours of its parts: it walks towards the front camera, and its left arm is at that camera's right."""
    settings = Pictures(views=1, times=2, side_px=280)
    skin = (222, 170, 130)
    by_name = {clip.name: clip for clip in drawn_clips()}

    def two(clip: KnownClip) -> list[np.ndarray]:
        return [pixels(part) for part in probe_question(clip, settings).parts if isinstance(part, Picture)]

    start, end = two(by_name["a figure walks forward"])
    assert (end < 200).any(axis=-1).sum() > 1.15 * (start < 200).any(axis=-1).sum()  # nearer is larger
    start, end = two(by_name["a figure steps to its left"])
    assert middle_px(end, skin) > middle_px(start, skin) + 30
    start, end = two(by_name["a figure raises its left arm"])
    rows = [np.nonzero(np.abs(picture.astype(int) - skin).max(axis=-1) < 40) for picture in (start, end)]
    right_of_middle = [rows_[columns > 170] for rows_, columns in rows]
    assert right_of_middle[1].min() < right_of_middle[0].min() - 60  # up, at the right of who looks at its face
    start, end = two(by_name["a figure turns to its left"])
    eyes = [(np.abs(picture.astype(int) - 20).max(axis=-1) < 40).sum() for picture in (start, end)]
    assert eyes[1] > 1.5 * eyes[0]  # the back of the head is dark


def test_drawing_repeats_byte_for_byte() -> None:
    one, other = (figure_clip(lambda share: Pose(forward=share), 3) for _ in range(2))
    assert one.videos == other.videos
