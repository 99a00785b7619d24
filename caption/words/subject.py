"""What a caption calls the thing that moves: one noun that a list of ours knows, or what its rig is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caption.words.english import article, possessive
from caption.words.names import tag_words, title_words
from caption.words.nouns import AMBIGUOUS, CATEGORY_OF_NOUN, FEMININE, GENERIC, MASCULINE, MEASURES, OTHER_WORDS, UNIQUE
from caption.words.plain import MAX_READ_CHARACTERS, gives_orders, plain_words
from rigmill.facts.facts import SubjectKind

_VAGUE = GENERIC | AMBIGUOUS
_ALONE = 2  # words of a title in which a word of many senses can be trusted: 'old key', not 'Fox uniform scale'
_LIVING = frozenset({"character", "anthropomorphic", "toy", "animal", "mythical creature"})
# What a rig of a kind may be called; any noun where the kind is not named here.
_FITS = {
    SubjectKind.HUMANOID: _LIVING | {"sculpture"},
    SubjectKind.QUADRUPED: _LIVING | {"sculpture"},
    SubjectKind.WINGED: _LIVING | {"sculpture"},
}
_ALSO_FITS = {
    SubjectKind.HUMANOID: frozenset({"skeleton"}),
    SubjectKind.WINGED: frozenset({"airplane", "jet", "drone"}),
}
_OF_KIND = {
    SubjectKind.HUMANOID: "character",
    SubjectKind.QUADRUPED: "animal",
    SubjectKind.WINGED: "winged creature",
    SubjectKind.ARTICULATED: "object",
    SubjectKind.OTHER: "object",
}
_OF_CATEGORY = {
    "character": "character",
    "anthropomorphic": "character",
    "toy": "toy",
    "animal": "animal",
    "mythical creature": "creature",
    "weapon": "weapon",
    "tool": "tool",
    "sculpture": "sculpture",
    "vehicle": "vehicle",
    "plant": "plant",
    "electronic device": "device",
    "musical instrument": "musical instrument",
    "planet": "planet",
}
_BREAK = re.compile(r"[()\[\]{},:;|/]|\s[-\u2013\u2014]\s")
# What follows these says more of the thing, and is not it: "cabinet with a door", "statue of a lion".
_MORE = frozenset("with of in on at for and from by to holding riding using wearing under over on".split())


@dataclass(frozen=True, slots=True)
class Subject:
    """What strangers say that an asset is, and the category that it was given ('' where none was)."""

    title: str
    tags: tuple[str, ...] = ()
    category: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A noun in the roles that a sentence needs it in."""

    noun: str

    @property
    def a(self) -> str:
        """'a dog', 'an owl', 'a pair of scissors'."""
        return self.noun if self.noun in UNIQUE else f"{article(self._counted)} {self._counted}"

    @property
    def the(self) -> str:
        return self.noun if self.noun in UNIQUE else f"the {self._counted}"

    @property
    def _counted(self) -> str:
        measure = MEASURES.get(self.noun)
        return f"{measure} of {self.noun}" if measure else self.noun

    @property
    def its(self) -> str:
        """'its', or 'his', 'her', 'their' of people."""
        if self.noun in MASCULINE or self.noun in FEMININE:
            return "his" if self.noun in MASCULINE else "her"
        person = CATEGORY_OF_NOUN.get(self.noun) == "character" and self.noun not in (
            "character",
            "mannequin",
            "stick figure",
        )
        return "their" if person else "its"

    def part(self, part: str, *, definite: bool = False) -> str:
        """ "a cabinet's door"."""
        return f"{possessive(self.the if definite else self.a)} {part}"


def name_of(subject: Subject, kind: SubjectKind) -> Name:
    """The most exact noun that title, tags and category give and that the rig does not contradict."""
    found = [noun for noun in _nouns(subject) if fits(noun, kind)]
    exact = next((noun for noun in found if noun not in _VAGUE), None)
    if exact or found:
        return Name(exact or found[0])
    by_category = _OF_CATEGORY.get(subject.category, "")
    return Name(by_category if by_category and fits(by_category, kind) else _OF_KIND[kind])


def fits(noun: str, kind: SubjectKind) -> bool:
    """Whether a rig of the kind may be called so: no door walks on two legs."""
    category = CATEGORY_OF_NOUN.get(noun, "")
    return kind not in _FITS or category in _FITS[kind] or noun in _ALSO_FITS.get(kind, ())


def nouns_in(text: str) -> list[str]:
    """The things that a title names, the likeliest first: of each stretch its last noun ('Queen Bee' is a bee)."""
    if gives_orders(text):
        return []
    found = []
    alone = len(title_words(text).split()) <= _ALONE
    for stretch in _BREAK.split(text[:MAX_READ_CHARACTERS]):
        words = plain_words(stretch)
        end = _end_of_the_thing(words)
        epithet = words.index("the") if "the" in words[1:end] else end  # 'astronaut Barbara the Bee' is one
        noun = _last_noun(words[:epithet]) or _last_noun(words[:end])
        if noun and (noun not in AMBIGUOUS or alone):
            found.append(noun)
    return list(dict.fromkeys(found))


def _end_of_the_thing(words: list[str]) -> int:
    """Where the words begin to say more of it; not inside 'chest of drawers', nor after one of two colours."""
    for place, word in enumerate(words):
        if place and word in _MORE and _noun(words[place - 1 : place + 2]) is None:
            before = _last_noun(words[:place])
            if word != "and" or before is not None and before not in AMBIGUOUS:
                return place
    return len(words)


def _nouns(subject: Subject) -> list[str]:
    """Of the title, then tags that are a noun each: those of the subject's category before others."""
    from_tags = [noun for tag in tag_words(subject.tags) if (noun := _noun(tag.split())) and noun not in AMBIGUOUS]
    agreeing = [noun for noun in from_tags if CATEGORY_OF_NOUN[noun] == subject.category]
    return list(dict.fromkeys([*nouns_in(subject.title), *agreeing, *from_tags]))


def _last_noun(words: list[str]) -> str | None:
    """The longest noun that ends furthest to the right; a generic one only if no other stands before it."""
    generic = None
    for end in range(len(words), 0, -1):
        for start in range(max(end - 4, 0), end):
            noun = _noun(words[start:end])
            if noun and noun not in _VAGUE:
                return noun
            generic = generic or noun
    return generic


def _noun(words: list[str]) -> str | None:
    """The noun that these words are as a whole, in the singular."""
    text = " ".join(words)
    for form in (text, *_singulars(text)):
        meant = OTHER_WORDS.get(form, form)
        if meant in CATEGORY_OF_NOUN:
            return meant
    return None


def _singulars(text: str) -> list[str]:
    if text.endswith("ies"):
        return [text[:-3] + "y", text[:-1]]
    if text.endswith("ves"):
        return [text[:-3] + "f", text[:-1]]
    if re.search(r"(?:s|x|z|ch|sh)es$", text):
        return [text[:-2], text[:-1]]
    return [text[:-1]] if text.endswith("s") and not text.endswith("ss") else []
