"""What of a model's answer can become a caption, and what is refused, whatever the clip shows."""

from __future__ import annotations

import pytest

from caption.questions.motion import read_motion
from rigmill.outcomes import Refusal, Reject

GOOD = {
    "A dog runs forward.": "A dog runs forward.",
    " a dog\u00a0 runs\nforward ": "A dog runs forward.",
    "The cabinet\u2019s door swings open.": "The cabinet's door swings open.",
    "A robot raises its right arm, then waves!": "A robot raises its right arm, then waves.",
    "The d\u200bragon flaps its wings.": "The dragon flaps its wings.",
    "A person die-cuts a card.": "A person die-cuts a card.",
}
BAD = [
    "",
    "...",
    "Runs.",
    "A dog runs forward. It barks.",
    "The camera shows a dog that runs.",
    "A rendered dog runs forward.",
    "A 3D model of a dog runs.",
    "In this animation a dog runs.",
    "A dog runs, see https://evil.example now.",
    "A dog from dogs.com runs forward.",
    "A <b>dog</b> runs forward.",
    "A dog runs {forward}.",
    "A dog runs \U0001f415 forward.",
    "An Armature_001 moves its arm.",
    "A ArmatureAction moves to the left.",
    "A mixamorig1 walks to the left.",
    "A mixamo figure walks to the left.",
    "Ein Hund rennt nach vorne.",
    "Un chien court vers la droite.",
    "Un perro corre hacia la derecha.",
    "\u4e00\u53ea\u72d7 \u5411\u524d \u8dd1\u3002",
    "\u0421\u043e\u0431\u0430\u043a\u0430 \u0431\u0435\u0436\u0438\u0442 \u0432\u043f\u0435\u0440",
    "the the the dog runs",
    "A dog " + "very " * 12 + "fast runs to the left.",
    "A dog " + "w" * 300,
    "A dog runs " + "forward " * 20_000,
]


def read(sentence: str) -> str:
    return read_motion({"subject": "dog", "verb": "runs", "sentence": sentence, "confidence": 1}).sentence


@pytest.mark.parametrize(("text", "expected"), GOOD.items())
def test_a_plain_sentence_passes_in_one_spelling(text: str, expected: str) -> None:
    assert read(text) == read(expected) == expected


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_caption_is_refused_and_shown_in_part(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(text)
    assert refusal.value.code is Reject.BAD_CAPTION and len(str(refusal.value)) < 300
