"""Captions from facts: sentences that a person would write of what the joints do. No model, no picture."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from caption.words.checks import refusals
from caption.words.claims import contradictions
from caption.words.deed import Deed
from caption.words.english import article, capital
from caption.words.limbs import limb
from caption.words.names import motion_words
from caption.words.story import Story, story_of
from caption.words.subject import Name, Subject, name_of
from rigmill.facts.facts import MotionFacts
from rigmill.facts.names import CREATURE
from rigmill.storage.files import digest

MAX_WORDS = 15
_NAMELESS = "object"


def captions(
    facts: MotionFacts, subject: Subject, motion_name: str, *, num: int, seed: int, clip_id: str
) -> tuple[str, ...]:
    """At most `num` different true sentences, one at least: the plain one, then others chosen by (seed, clip_id)."""
    name = name_of(subject, facts.subject_kind)
    if name.noun == _NAMELESS and any(limb(part) in CREATURE for part in facts.parts):
        name = Name("creature")
    story = story_of(facts, name, motion_words(motion_name, subject.title))
    every = list(dict.fromkeys(_sentences(story, name)))
    # What a model's sentences are held against holds for ours: a disagreement of the two is never a caption.
    short = [text for text in every if len(text.split()) <= MAX_WORDS and refusals(text) is None]
    general = (_sentence(f"{name.a} moves"), "Something is moving.")
    plain = next((text for text in (*short, *general) if not contradictions(text, facts)), general[-1])
    others = [text for text in short if text != plain]
    random.Random(digest("phrasings", seed, clip_id)).shuffle(others)
    true = (text for text in others if not contradictions(text, facts))
    return (plain, *islice(true, max(num, 1) - 1))


def _sentences(story: Story, name: Name) -> Iterator[str]:
    """Every sentence that the story gives, the plain one first."""
    first = story.more[0] if story.needs_more and _goes_with(story.main[0], story.more[0][0]) else ()
    for definite in (False, True):
        for progressive in (False, True):
            for deed in story.main:
                who = _who(deed, name, definite=definite)
                said = f"{who} {deed.says(name, progressive=progressive)}"
                for more in first:
                    yield from _joined(said, deed, more, name, progressive)
                if not first:
                    yield _sentence(said)
                for others in story.more[1 if first else 0 :]:
                    yield from _joined(said, deed, others[0], name, progressive)
    if first:  # without it
        for deed in story.main:
            yield _sentence(f"{_who(deed, name, definite=False)} {deed.says(name)}")


def _joined(said: str, deed: Deed, more: Deed, name: Name, progressive: bool) -> Iterator[str]:
    """The sentence goes on with what else is true, in several ways."""
    if not _goes_with(deed, more):
        return
    if more.part:
        its = f"{name.its} {more.part}" if more.part not in ("part", "parts") else f"another {more.part}"
        yield _sentence(f"{said} and {its} {more.says(name, progressive=progressive)}")
        yield _sentence(f"{said} while {its} {more.says(name)}")
    elif not deed.part:
        if " and " not in said:
            yield _sentence(f"{said} and {more.doing(name) if progressive else more.says(name)}")
        yield _sentence(f"{said}, {more.doing(name)}")
        yield _sentence(f"{said} while {more.doing(name)}")


def _goes_with(deed: Deed, more: Deed) -> bool:
    """Whether the two make a sentence that does not say one thing twice."""
    if deed.part and not more.part:
        return False  # "its lid opens and it opens"
    same_verb, same_rest = more.verb == deed.verb, more.rest == deed.rest
    return not (same_verb and (same_rest or more.part == deed.part) or same_rest and bool(deed.rest))


def _who(deed: Deed, name: Name, *, definite: bool) -> str:
    """'a dog', "a cabinet's door", 'a part of the machine'."""
    if not deed.part:
        return name.the if definite else name.a
    if deed.part in ("part", "parts"):
        start = "some" if deed.plural else "one" if definite else "a"
        return f"{start} {deed.part} of {name.the}"
    if name.noun == _NAMELESS and " and " not in deed.part:
        one = "" if deed.plural and not definite else "the" if definite else article(deed.part)
        return f"{one} {deed.part}".strip()
    return name.part(deed.part, definite=definite)


def _sentence(text: str) -> str:
    return capital(text) + "."
