"""The question what a clip's subject does, and its answer.

What the joints say is not told: it is what the answer is held against, and a model that is told agrees with anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from caption.pictures.parts import Part, Text
from caption.questions.cleaning import one_line, words_alone
from caption.questions.hints import ABOUT_HINTS, Hints
from caption.questions.question import Question, Turn
from caption.words.checks import refusals, stripped
from rigmill.outcomes import Refusal, Reject
from rigmill.printable import shortened
from rigmill.types import Row

PROMPT = "motion-1"
MAX_OUTPUT_TOKENS = 160
_SHOWN_OF_ANSWER = 1000
_MOST_OF_WORD = 60
_READ_OF_SENTENCE, _SHOWN_OF_SENTENCE = 1000, 200

INSTRUCTIONS = f"""You write the caption of a short motion of one subject on an empty background.
Cameras stand around the subject and are named by azimuth alone: 0 degrees is where a front is expected, 90 degrees is \
on the expected left side, and all of them look at the same moments. Every picture of one camera shows the same part \
of the world, so a subject that travels changes its place in the picture, or its size. The time of each step is given \
in seconds.

Rules:
- One English sentence in the present tense, under 12 words: what the subject is, and what it does.
- Forward is where the body faces. Tell by face, chest, feet or wheels; the subject may face any camera, or none.
- Left and right are the subject's own, as it would say itself. Leave them out when you are not sure.
- Say a motion that repeats once.
- If nothing but a little breathing or swaying happens, say that it stands or stays still.
- Nothing about pictures, cameras, views, background, or how it was made. No names of files, no numbers.

{ABOUT_HINTS}

Answer in JSON: subject (a noun, such as "dog"), verb (what it does, such as "runs"), sentence, and confidence from 0 \
to 1 that the sentence is right in every word."""

_ASK = "What does the subject do? Answer in JSON."

SCHEMA: Row = {
    "type": "object",
    "properties": {
        "subject": {"type": "string", "minLength": 1, "maxLength": 400},
        "verb": {"type": "string", "minLength": 1, "maxLength": 400},
        "sentence": {"type": "string", "minLength": 1, "maxLength": 2000},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["subject", "verb", "sentence", "confidence"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class MotionAnswer:
    """A caption that is fit to be held against the facts."""

    sentence: str
    subject: str
    verb: str
    confidence: float  # 0 to 1, the model's own word


def motion_question(pictures: Sequence[Part], hints: Hints) -> Question:
    """What does it do? `pictures` are what `caption.pictures.show.shown` made of the clip."""
    return Question(
        prompt=PROMPT,
        instructions=INSTRUCTIONS,
        parts=(*hints.parts(), *pictures, Text(_ASK)),
        schema=SCHEMA,
        max_output_tokens=MAX_OUTPUT_TOKENS,
    )


def read_motion(value: Row) -> MotionAnswer:
    """The answer, whose form the schema holds. A Refusal (BAD_CAPTION) where its sentence cannot be a caption."""
    sentence = stripped(one_line(value["sentence"], _READ_OF_SENTENCE))
    if why := refusals(sentence):
        raise Refusal(Reject.BAD_CAPTION, f"{why}: '{shortened(sentence, _SHOWN_OF_SENTENCE)}'")
    return MotionAnswer(
        sentence=sentence,
        subject=words_alone(value["subject"], _MOST_OF_WORD),
        verb=words_alone(value["verb"], _MOST_OF_WORD),
        confidence=float(value["confidence"]),
    )


def correction(question: Question, answer: str, problems: Sequence[str]) -> Question:
    """The question again, after its answer as it came and the facts that this contradicts, in words of ours."""
    if not problems:
        raise ValueError("nothing to correct")
    listed = "\n".join(f"- {problem}" for problem in problems)
    return _again(question, answer, f"Your answer does not agree with what was measured on the subject:\n{listed}")


def rewording(question: Question, answer: str, why: str) -> Question:
    """The question again, after an answer whose sentence no caption can be: why, in words of ours (`read_motion`)."""
    return _again(question, answer, f"Your sentence cannot be used: {why}\nKeep to the rules.")


def _again(question: Question, answer: str, told: str) -> Question:
    said = Turn("assistant", one_line(answer, _SHOWN_OF_ANSWER))
    asked = Turn("user", f"{told}\nLook at the pictures again and answer once more, in the same JSON.")
    return replace(question, turns=(*question.turns, said, asked))


def still_contradicts(answer: MotionAnswer, problems: Sequence[str]) -> Refusal:
    """The verdict on a clip whose corrected answer is no better, with the answer kept."""
    return Refusal(Reject.CONTRADICTS_FACTS, f"'{answer.sentence}': {'; '.join(problems)}")
