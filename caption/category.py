"""The 25 categories of the paper's Table 5, and what metadata says of them: nouns of a title, then tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from caption.words.names import MAX_TAGS, title_words
from caption.words.nouns import AMBIGUOUS, CATEGORY_OF_NOUN, GENERIC
from caption.words.subject import nouns_in

MISCELLANEOUS = "miscellaneous"
CATEGORIES: tuple[str, ...] = (
    "character",
    "anthropomorphic",
    "toy",
    "animal",
    "mythical creature",
    "weapon",
    "tool",
    "sculpture",
    "vehicle",
    "anatomy",
    "household item",
    "plant",
    "accessory",
    "furniture",
    "scanned data",
    "electronic device",
    "architecture",
    "clothing",
    "food",
    MISCELLANEOUS,
    "planet",
    "sporting goods",
    "paper",
    "jewelry",
    "musical instrument",
)
MAX_SECONDARIES = 2

# What tags say of a kind of thing and no title names it by. 'character', 'game' and 'animated' stand on dogs too.
_OF_TAG: dict[str, str] = {
    word: category
    for category, words in {
        "character": "characters humanoid biped people person mixamo vroid vrm npc avatar anime",
        "anthropomorphic": "robots mechanical-being mecha anthro",
        "toy": "toys lego",
        "animal": "animals quadruped winged wildlife mammal reptile amphibian dinosaurs insects birds pets pet zoo",
        "mythical creature": "creatures monsters mythical mythology",
        "weapon": "weapons firearm firearms melee-weapon",
        "tool": "tools machinery mechanism",
        "sculpture": "statues sculptures",
        "vehicle": "vehicles automotive cars transport transportation",
        "anatomy": "anatomical bones medical-anatomy",
        "household item": "household kitchenware appliance appliances",
        "plant": "plants vegetation foliage flora",
        "accessory": "accessories",
        "furniture": "furnitures",
        "scanned data": "photogrammetry photoscan lidar scanned realitycapture",
        "electronic device": "electronics electronic",
        "architecture": "architectural buildings",
        "clothing": "clothes apparel garment fashion",
        "food": "foods",
        "planet": "planets",
        "sporting goods": "sport sports",
        "paper": "books",
        "jewelry": "jewellery",
        "musical instrument": "instrument instruments",
    }.items()
    for word in words.split()
} | {category: category for category in CATEGORIES if category != MISCELLANEOUS}
# Of what else a figure is: a tag 'character' on a dog says that it is a game's, and no more.
_FIGURES = frozenset({"anthropomorphic", "animal", "mythical creature"})


def category_of(tags: Iterable[str], title: str = "") -> str:
    """The category that title and tags name; 'miscellaneous' where they name none."""
    return categories_of(tags, title)[0]


def categories_of(tags: Iterable[str], title: str = "") -> tuple[str, tuple[str, ...]]:
    """The primary category and at most two others that also hold ('a toy dog': animal, then toy).

    A title's exact noun decides ('Fire Dragon'), else what most tags say, the first of equals. Words of many senses
    ('star', 'card') count where nothing else does.
    """
    named = [noun for noun in nouns_in(title)]
    exact = [CATEGORY_OF_NOUN[noun] for noun in named if noun not in GENERIC | AMBIGUOUS]
    vague = [CATEGORY_OF_NOUN[noun] for noun in named if noun in GENERIC]
    tagged, unsure = _by_tags(tags)
    votes = Counter([*vague, *tagged])
    if votes.keys() & _FIGURES:
        votes["character"] = min(votes["character"], 1)
    ranked = [category for category, _ in votes.most_common()]
    if votes.keys() & _FIGURES and ranked[0] == "character":
        ranked = [*ranked[1:], "character"]
    unsure += [CATEGORY_OF_NOUN[noun] for noun in named if noun in AMBIGUOUS]
    every = list(dict.fromkeys([*exact[:1], *ranked, *exact[1:]])) or unsure[:1] or [MISCELLANEOUS]
    others = [category for category in every[1:] if votes[category] > 0]
    return every[0], tuple(others[:MAX_SECONDARIES])


def _by_tags(tags: Iterable[str]) -> tuple[list[str], list[str]]:
    """The categories that tags name, in their order, and those that words of many senses may mean."""
    found, unsure = [], []
    for tag in list(tags)[:MAX_TAGS]:
        text = title_words(tag) or tag.strip().lower()
        noun = next(iter(nouns_in(tag)), "")
        if text in _OF_TAG:
            found.append(_OF_TAG[text])
        elif noun in AMBIGUOUS:
            unsure.append(CATEGORY_OF_NOUN[noun])
        elif noun:
            found.append(CATEGORY_OF_NOUN[noun])
        else:
            found += [_OF_TAG[word] for word in text.split() if word in _OF_TAG][:1]
    return found, unsure
