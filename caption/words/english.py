"""The little English grammar that sentences of ours need: articles, third persons, -ing forms, possessives."""

from __future__ import annotations

import re

_VOWEL_SOUND = re.compile(r"^(?:[aeio]|u(?!ni(?!n)|fo|ku|se|ro)|hour|honest|heir|x-)")
_THIRD = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_ING = {"be": "being", "lie": "lying", "die": "dying", "tie": "tying", "see": "seeing", "flee": "fleeing"}
# Of one syllable, ended by one vowel and one consonant: the consonant is doubled.
_SHORT = re.compile(r"^(?:[^aeiou]|qu)*[aeiou][^aeiouwxy]$|^(?:admit|begin|occur)$")


def article(noun: str) -> str:
    """'a' or 'an', by how the noun sounds."""
    return "an" if _VOWEL_SOUND.match(noun) else "a"


def third(verb: str) -> str:
    """'carry' -> 'carries', 'punch' -> 'punches', 'idle' -> 'idles'."""
    if verb in _THIRD:
        return _THIRD[verb]
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(?:s|x|z|ch|sh|o)$", verb) else "s")


def ing(verb: str) -> str:
    """'run' -> 'running', 'dance' -> 'dancing', 'lie' -> 'lying'."""
    if verb in _ING:
        return _ING[verb]
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    if _SHORT.match(verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"


def possessive(noun: str) -> str:
    """'the dog' -> "the dog's", 'the glasses' -> "the glasses'"."""
    return noun + ("'" if noun.endswith("s") and not noun.endswith("ss") else "'s")


def capital(sentence: str) -> str:
    """With a capital first letter, the rest as it is."""
    return sentence[:1].upper() + sentence[1:]


def listed(parts: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
