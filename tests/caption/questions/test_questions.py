"""What is asked, and how answers are read."""

from __future__ import annotations

import jsonschema
import pytest

from caption.category import CATEGORIES
from caption.pictures.parts import Picture, Text
from caption.questions.categories import CategoryAnswer, agreed, category_question, read_category
from caption.questions.hints import Hints
from caption.questions.motion import (
    INSTRUCTIONS,
    SCHEMA,
    correction,
    motion_question,
    read_motion,
    rewording,
    still_contradicts,
)
from caption.questions.question import Turn
from rigmill.outcomes import Refusal, Reject

PICTURE = Picture(b"jpeg", 8, 8)
ANSWER = {"subject": "dog", "verb": "runs", "sentence": "a dog runs forward", "confidence": 0.75}
CATEGORY = {"evidence": "four legs\nand a tail", "primary": "animal", "secondary": ["toy"], "confidence": 1}


def test_the_pictures_stand_between_the_hints_and_the_question() -> None:
    asked = motion_question([Text("t = 0.00 s"), PICTURE], Hints(title="dog"))
    assert [type(part) for part in asked.parts] == [Text, Text, Picture, Text]
    assert asked.parts[1] == Text("t = 0.00 s")


def test_the_same_question_has_the_same_digest_and_any_other_has_another() -> None:
    base = motion_question([PICTURE], Hints(title="dog"))
    assert base.digest == motion_question([PICTURE], Hints(title="dog")).digest
    others = [
        motion_question([Picture(b"jpeh", 8, 8)], Hints(title="dog")),
        motion_question([PICTURE], Hints(title="cat")),
        motion_question([Text("t = 0.00 s"), PICTURE], Hints(title="dog")),
        correction(base, "{}", ["it stands"]),
        category_question(PICTURE, Hints(title="dog")),
        category_question(PICTURE, Hints(title="dog"), 2),
    ]
    assert len({base.digest, *(other.digest for other in others)}) == 7
    assert base.picture_digests == category_question(PICTURE, Hints()).picture_digests


def test_a_motion_answer_is_read_cleaned() -> None:
    jsonschema.validate(ANSWER, SCHEMA)
    read = read_motion({**ANSWER, "subject": " <b>dog\u202e</b>", "verb": "runs " * 50})
    assert (read.sentence, read.confidence) == ("A dog runs forward.", 0.75)
    assert read.subject == "b dog b" and len(read.verb) <= 60


@pytest.mark.parametrize(
    "wrong",
    [{"confidence": 95}, {"confidence": "high"}, {"sentence": 3}, {"sentence": "w" * 2001}, {"category": "weapon"}],
)
def test_the_schema_refuses_answers_of_another_form(wrong: dict) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(ANSWER | wrong, SCHEMA)


def test_a_sentence_that_cannot_be_a_caption_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        read_motion(ANSWER | {"sentence": "The camera shows a dog."})
    assert refusal.value.code is Reject.BAD_CAPTION


def test_a_correction_repeats_the_answer_and_says_what_contradicts_it() -> None:
    base = motion_question([PICTURE], Hints())
    again = correction(base, '{"sentence": "a dog walks"}\n' + "x" * 5000, ["it does not travel", "it turns left"])
    assert again.parts == base.parts and again.schema == base.schema
    answer, told = again.turns
    assert answer.role == "assistant" and answer.text.startswith('{"sentence"') and len(answer.text) <= 1000
    assert told.role == "user" and "- it does not travel\n- it turns left\n" in told.text
    assert correction(again, "{}", ["no"]).turns[:2] == again.turns
    with pytest.raises(ValueError, match="nothing to correct"):
        correction(base, "{}", [])


def test_a_sentence_that_cannot_be_used_is_asked_for_again_with_the_reason() -> None:
    base = motion_question([PICTURE], Hints())
    with pytest.raises(Refusal) as refusal:
        read_motion(ANSWER | {"sentence": "The picture shows a dog."})
    answer, told = rewording(base, "{}", str(refusal.value)).turns
    assert answer.text == "{}" and "how it is shown: 'picture'" in told.text and "same JSON" in told.text


def test_the_verdict_on_a_contradiction_keeps_the_answer() -> None:
    verdict = still_contradicts(read_motion(ANSWER), ["it stands"])
    assert verdict.code is Reject.CONTRADICTS_FACTS and "A dog runs forward." in str(verdict)


def test_the_prompt_says_what_others_learned() -> None:
    for rule in ("under 12 words", "azimuth alone", "where the body faces", "not sure", "repeats once", "strangers"):
        assert rule in INSTRUCTIONS


def test_two_votes_have_different_words_and_the_opposite_order() -> None:
    one, two = category_question(PICTURE, Hints()), category_question(PICTURE, Hints(), 2)
    orders = [question.schema["properties"]["primary"]["enum"] for question in (one, two)]
    assert orders[0] == list(CATEGORIES) and orders[1] == orders[0][::-1]
    assert one.prompt != two.prompt and one.instructions != two.instructions
    for question in (one, two):
        assert question.schema["properties"]["secondary"]["items"]["enum"]
        listed = [line[2:].split(":")[0] for line in question.instructions.splitlines() if line.startswith("- ")]
        assert listed == question.schema["properties"]["primary"]["enum"]


def test_a_category_is_read_with_its_evidence_on_one_line() -> None:
    read = read_category(CATEGORY | {"secondary": ["toy", "animal", "toy", "plant"]})
    assert read == CategoryAnswer("animal", ("toy", "plant"), 1.0, "four legs and a tail")
    long = read_category(CATEGORY | {"evidence": "fur " * 5000})
    assert len(long.evidence) <= 200


@pytest.mark.parametrize("name", ["Animal", "animals", " animal", "weapon; ignore", "an\u0131mal", ""])
@pytest.mark.parametrize("where", ["primary", "secondary"])
def test_a_category_outside_of_the_set_is_refused_and_never_bent_into_it(name: str, where: str) -> None:
    answer = CATEGORY | ({"primary": name} if where == "primary" else {"secondary": ["toy", name]})
    with pytest.raises(Refusal) as refusal:
        read_category(answer)
    assert refusal.value.code is Reject.UNKNOWN_CATEGORY
    for wording in (1, 2):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(answer, category_question(PICTURE, Hints(), wording).schema)


def test_two_votes_must_name_the_same_category() -> None:
    one, two = CategoryAnswer("animal", ("toy",), 0.9, "fur"), CategoryAnswer("animal", ("plant", "toy"), 0.6, "ears")
    assert agreed(one, two) == CategoryAnswer("animal", ("toy", "plant"), 0.6, "fur")
    with pytest.raises(Refusal, match="one vote says animal, the other toy") as refusal:
        agreed(one, CategoryAnswer("toy", ("animal",), 0.9, "plush"))
    assert refusal.value.code is Reject.VOTES_DISAGREE


def test_turns_belong_to_the_digest() -> None:
    base = motion_question([PICTURE], Hints())
    assert correction(base, "a", ["x"]).digest != correction(base, "b", ["x"]).digest
    assert correction(base, "a", ["x"]).turns[0] == Turn("assistant", "a")
