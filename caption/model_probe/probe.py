"""Asks a model about known clips, as they are, reversed and mirrored, and says how often it was right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import comb
from typing import Any, Protocol

from caption.model_probe.known import KnownClip
from caption.model_probe.truth import Direction, Side, Verb
from caption.pictures.parts import Text
from caption.pictures.show import shown
from caption.questions.question import Question, Reply
from rigmill.config.caption import Pictures
from rigmill.outcomes import Refusal
from rigmill.types import Row

PROMPT = "probe-1"
LEAST_SHARE = 0.9  # right answers; below it captions of this model are doubtful
_BY_LUCK = 0.01  # results that guessing gives more often than this are no sign of sight
_ASKED: dict[str, type[StrEnum]] = {"direction": Direction, "side": Side, "verb": Verb}

INSTRUCTIONS = """You watch one subject on an empty background.
Cameras stand around it and are named by azimuth: 0 degrees is where a front is expected, 90 degrees is on the \
expected left side. All look at the same moments, and every picture of one camera shows the same part of the world. \
The time of each step is given in seconds.
Say of the subject, in JSON: direction, as its body faces at the start; side, its own arm, leg or wing that does most; \
verb, what it does. Choose what fits best."""

SCHEMA: Row = {
    "type": "object",
    "properties": {
        name: {"type": "string", "enum": [str(choice) for choice in choices]} for name, choices in _ASKED.items()
    },
    "required": list(_ASKED),
    "additionalProperties": False,
}


class Asker(Protocol):
    """Who puts questions to the model. A Refusal: the answer is not of the form asked for."""

    async def ask(self, question: Question) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Score:
    """How often one thing was right. `chance` is the share that always saying the same gives at best, or guessing."""

    asked: int
    right: int
    chance: float

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 0.0

    @property
    def can_tell(self) -> bool:
        """Whether there are so many different clips that not even luck could get all of them right."""
        return self.chance**self.asked < _BY_LUCK

    @property
    def knows(self) -> bool:
        """Whether guessing would hardly have been right as often."""
        luck = sum(
            comb(self.asked, hits) * self.chance**hits * (1 - self.chance) ** (self.asked - hits)
            for hits in range(self.right, self.asked + 1)
        )
        return luck < _BY_LUCK


@dataclass(frozen=True, slots=True)
class Pairs:
    """Clips of which one thing changes when they are reversed or mirrored, and those of which the answer did not."""

    asked: int
    same: int


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found. `wrong` are lines for a person: which clip, what is true, what was said."""

    num_clips: int  # variants counted
    num_unanswered: int
    scores: dict[str, Score]  # by 'direction', 'side', 'verb'
    reversed_pairs: Pairs
    mirrored_pairs: Pairs
    wrong: tuple[str, ...]

    def warnings(self) -> list[str]:
        """Why captions of this model should not be believed; none for one that sees."""
        found = []
        if self.num_clips and self.num_unanswered == self.num_clips:
            return ["no clip was answered in the form asked for: the server may ignore response_format"]
        if self.num_unanswered:
            found.append(f"{self.num_unanswered} of {self.num_clips} clips got no answer of the form asked for")
        for name, score in self.scores.items():
            if score.asked and score.share < LEAST_SHARE:
                guess = "" if score.knows or not score.can_tell else f", no better than guessing ({score.chance:.0%})"
                found.append(f"the {name} is right in {score.right} of {score.asked} clips{guess}")
        if _mostly(self.reversed_pairs):
            found.append(
                f"{self.reversed_pairs.same} of {self.reversed_pairs.asked} clips got the same answer when they ran "
                "backwards: the model does not see in which order the pictures were taken"
            )
        if _mostly(self.mirrored_pairs):
            found.append(
                f"{self.mirrored_pairs.same} of {self.mirrored_pairs.asked} clips got the same answer in a mirror: the "
                "model does not tell left from right"
            )
        if not any(score.can_tell for score in self.scores.values()):
            found.append("these clips are too few, or too much alike, to tell a model that sees from one that guesses")
        if self.knows_nothing:
            found.append("the model knows nothing of what it is shown: use another, or provider: facts")
        return found

    @property
    def knows_nothing(self) -> bool:
        """Whether nothing that was asked came out better than by guessing."""
        telling = [score for score in self.scores.values() if score.can_tell]
        return bool(telling) and not any(score.knows for score in telling)

    def to_text(self) -> str:
        """For a terminal."""
        lines = [f"{self.num_clips} clips, with those reversed and mirrored"]
        for name, score in self.scores.items():
            share = f"{score.share:.0%}" if score.asked else "not asked"
            lines.append(f"{name:<10}{share:>9}  {score.right} of {score.asked}, guessing {score.chance:.0%}")
        lines += [f"warning: {warning}" for warning in self.warnings()]
        return "\n".join(lines)

    def to_row(self) -> dict[str, Any]:
        """For a program."""
        return {
            "clips": self.num_clips,
            "unanswered": self.num_unanswered,
            "scores": {
                name: {"asked": one.asked, "right": one.right, "chance": round(one.chance, 4), "knows": one.knows}
                for name, one in self.scores.items()
            },
            "same_when_reversed": {"asked": self.reversed_pairs.asked, "same": self.reversed_pairs.same},
            "same_when_mirrored": {"asked": self.mirrored_pairs.asked, "same": self.mirrored_pairs.same},
            "knows_nothing": self.knows_nothing,
            "warnings": self.warnings(),
            "wrong": list(self.wrong),
        }


def probe_question(clip: KnownClip, settings: Pictures) -> Question:
    """What is asked of a known clip: choices alone, so that what is right needs no judge."""
    return Question(
        prompt=PROMPT,
        instructions=INSTRUCTIONS,
        parts=(*shown(clip.views, settings), Text("What does the subject do? Answer in JSON.")),
        schema=SCHEMA,
        max_output_tokens=120,
    )


async def probe(clips: Sequence[KnownClip], asker: Asker, settings: Pictures) -> ProbeResult:
    """Ask about each clip, its reverse and its mirror image. Errors of the asker but a Refusal are raised."""
    variants = [variant for clip in clips for variant in (clip, clip.in_reverse(), clip.in_mirror())]
    asked = [asker.ask(probe_question(variant, settings)) for variant in variants]
    replies = await asyncio.gather(*asked, return_exceptions=True)  # none is left running when one fails
    for reply in replies:
        if isinstance(reply, BaseException) and not isinstance(reply, Refusal):
            raise reply
    return judged(variants, [reply.value if isinstance(reply, Reply) else None for reply in replies])


def judged(variants: Sequence[KnownClip], answers: Sequence[Row | None]) -> ProbeResult:
    """The result from answers, one per clip; the clips come by threes: as it is, reversed, mirrored."""
    scores, wrong = {}, []
    for name, choices in _ASKED.items():
        known = [(getattr(clip.truth, name), answer, clip) for clip, answer in zip(variants, answers)]
        known = [one for one in known if one[0] is not None]
        right = [answer is not None and answer[name] == truth for truth, answer, _ in known]
        commonest = max(Counter(truth for truth, *_ in known).values(), default=0)
        scores[name] = Score(len(known), sum(right), max(1 / len(choices), commonest / max(len(known), 1)))
        wrong += [
            f"{clip.name}: {name} is '{truth}', not '{answer[name] if answer else 'no answer'}'"
            for (truth, answer, clip), fits in zip(known, right)
            if not fits
        ]
    threes = list(zip(variants[0::3], variants[1::3], variants[2::3]))
    said = list(zip(answers[0::3], answers[1::3], answers[2::3]))
    return ProbeResult(
        num_clips=len(variants),
        num_unanswered=sum(answer is None for answer in answers),
        scores=scores,
        reversed_pairs=_pairs([(clips[0], clips[1], one[0], one[1]) for clips, one in zip(threes, said)]),
        mirrored_pairs=_pairs([(clips[0], clips[2], one[0], one[2]) for clips, one in zip(threes, said)]),
        wrong=tuple(wrong),
    )


def _pairs(pairs: list[tuple[KnownClip, KnownClip, Row | None, Row | None]]) -> Pairs:
    """Of pairs whose truths differ and whose answers came."""
    asked = same = 0
    for one, other, first, second in pairs:
        changed = [name for name in _ASKED if getattr(one.truth, name) != getattr(other.truth, name)]
        if changed and first is not None and second is not None:
            asked += 1
            same += all(first[name] == second[name] for name in changed)
    return Pairs(asked, same)


def _mostly(pairs: Pairs) -> bool:
    return pairs.asked > 0 and pairs.same > pairs.asked / 2
