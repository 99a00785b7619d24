"""Sentences of a take, from what is known of it: who it is, what it looks like, what it does, where to and how fast."""

from __future__ import annotations

import re

import numpy as np

from curate.world.acting.truth import Truth
from curate.world.body import Body
from curate.world.motions import Motion

_POSSESSIVE = {"man": "his", "boy": "his", "woman": "her", "girl": "her"}
_REFLEXIVE = {"his": "himself", "her": "herself"}
_ADVERBS = {"slow": ("slowly", "at a slow pace"), "fast": ("quickly", "fast")}
_WAYS = {
    "forward": ("forward", "ahead"),
    "backward": ("backward", "backwards"),
    "left": ("to the left",),
    "right": ("to the right",),
}
_WITH = ("with ", "in ", "wearing ")


def title_of(body: Body) -> str:
    """What a person would call the asset."""
    adjectives = [look for look in body.looks if not look.startswith(_WITH)][:2]
    return " ".join([*adjectives, body.noun]).capitalize()


def captions(body: Body, motion: Motion, truth: Truth, random: np.random.Generator, *, num: int = 3) -> list[str]:
    """`num` different sentences, fewer where the motion has fewer wordings; the plainest first."""
    templates = [str(each) for each in motion.says]
    found: list[str] = []
    for attempt in range(6 * num):
        wording = templates[0] if attempt == 0 else templates[int(random.integers(len(templates)))]
        sentence = _sentence(_subject(body, random, plain=attempt == 0), _clause(wording, body, truth, random))
        if sentence not in found:
            found.append(sentence)
        if len(found) == num:
            break
    return found


def _subject(body: Body, random: np.random.Generator, *, plain: bool) -> str:
    """'a brown dog with a red collar', or less of it."""
    adjectives = [look for look in body.looks if not look.startswith(_WITH)]
    worn = [look for look in body.looks if look.startswith(_WITH)]
    before = adjectives[:1] if plain or random.random() < 0.75 else []
    after = [worn[int(random.integers(len(worn)))]] if worn and (plain or random.random() < 0.5) else []
    words = " ".join([*before, body.noun, *after])
    return _with_articles(f"a {words}")


def _with_articles(words: str) -> str:
    """'an orange dog with an amber collar' from 'a orange dog with a amber collar': plans write 'a' before any word."""
    return re.sub(r"\ban? (?=(\w+))", lambda found: f"{_article(found[1])} ", words)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" and not word.startswith(("uni", "one")) else "a"


def _clause(wording: str, body: Body, truth: Truth, random: np.random.Generator) -> str:
    """The wording with its gaps filled; gaps of which nothing is known vanish."""
    way = "" if truth.direction not in _WAYS else str(random.choice(_WAYS[truth.direction]))
    if truth.in_place:
        way = str(random.choice(("in place", "on the spot")))
    adverb = str(random.choice(_ADVERBS[truth.speed])) if truth.speed in _ADVERBS else ""
    gaps = {
        "way": way,
        "side": truth.side,
        "its": _POSSESSIVE.get(body.noun, "its"),
        "itself": _REFLEXIVE.get(_POSSESSIVE.get(body.noun, "its"), "itself"),
        "style": truth.style,
        "speed": adverb,
        "part": truth.part,
        "parts": parts_in_words(truth, body),
        "turn": _turn_in_words(truth.turn_deg),
        "times": {2: "twice", 3: "three times", 4: "four times"}.get(truth.num_parts, ""),
    }
    text = wording.format(**gaps)
    if adverb and "{speed}" not in wording:
        text = f"{text} {adverb}"
    return re.sub(r"\s+", " ", text).strip()


def parts_in_words(truth: Truth, body: Body) -> str:
    """'its left door', 'a drawer', 'its door', 'two of its drawers', 'all its doors'.

    Of a thing that is called as its part is: nothing, so that a gate 'opens', and of a gate of two 'its left half'.
    """
    having = len(body.parts_called(truth.part))
    one, more = truth.part, f"{truth.part}s"
    if body.noun == truth.part:
        if having == 1:
            return ""
        one, more = "half", "halves"
    if truth.num_parts <= 1:
        if truth.side:
            return f"its {truth.side} {one}"
        return f"its {one}" if having == 1 else f"a {one}"
    if truth.num_parts == having:
        return f"both its {more}" if having == 2 else f"all its {more}"
    return f"{truth.num_parts} of its {more}"


def _turn_in_words(degrees: float) -> str:
    if abs(degrees) < 30:
        return ""
    side = "left" if degrees > 0 else "right"
    if abs(degrees) >= 300:
        return "all the way round" if abs(degrees) < 500 else "round and round"
    return f"halfway round to the {side}" if abs(degrees) > 150 else f"to the {side}"


def _sentence(subject: str, clause: str) -> str:
    text = f"{subject} {clause}."
    return text[0].upper() + text[1:]
