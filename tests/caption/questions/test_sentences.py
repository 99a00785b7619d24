"""What a caption must be, whatever the clip shows."""

from __future__ import annotations

import pytest

from caption.questions.hints import Hints
from caption.questions.sentences import checked_sentence
from rigmill.outcomes import Refusal, Reject

GOOD = {
    "A dog runs forward.": "A dog runs forward.",
    " a dog\u00a0 runs\nforward ": "A dog runs forward.",
    "The cabinet\u2019s door swings open.": "The cabinet's door swings open.",
    "A robot raises its right arm, then waves!": "A robot raises its right arm, then waves.",
    "The d\u200bragon flaps its wings.": "The dragon flaps its wings.",
    "A person die-cuts a card.": "A person die-cuts a card.",
    "A caf\u00e9 chair rocks to and fro.": "A caf\u00e9 chair rocks to and fro.",
}
BAD = {
    "": "no words",
    "...": "no words",
    "Runs.": "no sentence",
    "A dog runs forward. It barks.": "more than one",
    "The camera shows a dog that runs.": "camera",
    "A rendered dog runs forward.": "rendered",
    "A 3D model of a dog runs.": "3d",
    "A dog runs in the front-view.": "view",
    "In this animation a dog runs.": "animation",
    "A dog runs, see https://evil.example now.": "address",
    "A dog from dogs.com runs forward.": "address",
    "A <b>dog</b> runs forward.": "markup",
    "A dog runs {forward}.": "markup",
    "A dog runs \U0001f415 forward.": "markup",
    "An Armature_001 moves its arm.": "technical",
    "A ArmatureAction moves to the left.": "technical",
    "A mixamorig1 walks to the left.": "technical",
    "A mixamo figure walks to the left.": "mixamo",
    "Ein Hund rennt nach vorne.": "English",
    "Un chien court vers la droite.": "English",
    "Un perro corre hacia la derecha.": "English",
    "\u4e00\u53ea\u72d7 \u5411\u524d \u8dd1\u3002": "markup",
    "Does a dog run forward?": "markup",
    "\u0421\u043e\u0431\u0430\u043a\u0430 \u0431\u0435\u0436\u0438\u0442 \u0432\u043f\u0435\u0440": "English",
    "dog running fast": "English",
    "the the the dog runs": "ordinary",
    f"A {'w' * 40} runs forward.": "ordinary",
    "A dog " + "very " * 12 + "fast runs to the left.": "longer",
    "A dog " + "w" * 300: "longer",
    "A dog runs " + "forward " * 20_000: "longer",
}


@pytest.mark.parametrize(("text", "expected"), GOOD.items())
def test_a_plain_sentence_passes_in_one_spelling(text: str, expected: str) -> None:
    assert checked_sentence(text, Hints()) == expected
    assert checked_sentence(expected, Hints()) == expected


@pytest.mark.parametrize(("text", "why"), BAD.items())
def test_what_is_no_caption_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Refusal, match=why) as refusal:
        checked_sentence(text, Hints())
    assert refusal.value.code is Reject.BAD_CAPTION


def test_a_camera_may_turn_where_the_catalogue_calls_it_so() -> None:
    assert checked_sentence("A camera turns to the left.", Hints(title="Security Camera"))
    with pytest.raises(Refusal):
        checked_sentence("A camera turns to the left.", Hints(title="Security", motion_name="camera"))


def test_a_catalogue_cannot_allow_words_of_how_it_was_made() -> None:
    with pytest.raises(Refusal, match="model"):
        checked_sentence("A model of a dog runs.", Hints(title="3D model, rendered"))
