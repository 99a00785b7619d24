"""A verb and what follows it, and the sentence that it makes of a subject."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from caption.words.english import ing, third
from caption.words.subject import Name

_INFLECTED = re.compile(r"\[(\w+)\]")


@dataclass(frozen=True, slots=True)
class Deed:
    """'run', 'forward'. In `rest` "{its}" is the subject's possessive and "[die]" a second verb, formed as the first.

    `part`: what of the subject does it ("door"), or more of these in the plural; '' the subject itself.
    """

    verb: str
    rest: str = ""
    part: str = ""
    plural: bool = False  # of the part

    def to(self, way: str) -> Deed:
        """With a direction, at "{way}" or at the end."""
        rest = self.rest.replace("{way}", way) if "{way}" in self.rest else f"{self.rest} {way}"
        return replace(self, rest=" ".join(rest.split()))

    def says(self, name: Name, *, progressive: bool = False) -> str:
        """'walks forward', 'is walking forward', as the subject (or its part) does it."""
        plural = bool(self.part) and self.plural
        if progressive:
            return f"{'are' if plural else 'is'} {self.doing(name)}"
        verb = self.verb if plural else third(self.verb)
        return _filled(verb, self.rest, name, (lambda more: more) if plural else third)

    def doing(self, name: Name) -> str:
        """'walking forward'."""
        return _filled(ing(self.verb), self.rest, name, ing)


def deed(text: str) -> Deed:
    """'fall to the ground and [die]': the first word is the verb."""
    verb, _, rest = text.partition(" ")
    return Deed(verb, rest)


def deeds(*texts: str) -> tuple[Deed, ...]:
    """`deed` of each."""
    return tuple(map(deed, texts))


def _filled(verb: str, rest: str, name: Name, form: Callable[[str], str]) -> str:
    rest = _INFLECTED.sub(lambda found: form(found[1]), rest.replace("{way}", "")).replace("{its}", name.its)
    return " ".join(f"{verb} {rest}".split()).replace(" ,", ",")
