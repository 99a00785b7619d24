"""The 25 categories of the paper's Table 5, and the words by which metadata names them."""

from __future__ import annotations

import re
from collections.abc import Iterable

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

_SYNONYMS: dict[str, str] = {
    "character": "biped human humanoid man woman boy girl person people knight soldier warrior avatar hero "
    "villain zombie pirate astronaut ninja wizard mixamo vroid vrm npc",
    "anthropomorphic": "robot android mech mecha furry mascot",
    "toy": "toys doll plush plushie puppet lego figurine",
    "animal": "animals quadruped bird fish dog cat horse fox wolf bear lion tiger deer cow pig sheep rabbit mouse "
    "elephant giraffe dinosaur velociraptor triceratops insect bee wasp spider snake frog turtle eagle bat "
    "dragonfly butterfly winged",
    "mythical creature": "creature monster dragon demon griffin unicorn phoenix fantasy ghost slime alien",
    "weapon": "weapons sword gun rifle pistol axe bow knife cannon",
    "tool": "tools hammer wrench lever crane drill",
    "sculpture": "statue bust",
    "vehicle": "vehicles car truck ship boat plane aircraft helicopter train bike bicycle tank spaceship",
    "anatomy": "skeleton skull heart organ bones",
    "household item": "household lamp clock bottle cup fan trap",
    "plant": "plants tree flower grass bush",
    "accessory": "accessories bag backpack glasses hat umbrella",
    "furniture": "cabinet cupboard chair table desk drawer wardrobe shelf bed sofa fridge chest",
    "scanned data": "scan photogrammetry lidar",
    "electronic device": "electronics computer phone tv television radio camera console",
    "architecture": "building house door gate garage bridge tower castle window",
    "clothing": "clothes shirt dress shoes jacket trousers",
    "food": "fruit cake bread popsicle burger pizza",
    "planet": "planets moon earth globe",
    "sporting goods": "sport sports ball skateboard racket",
    "paper": "book page letter card",
    "jewelry": "ring necklace earring crown",
    "musical instrument": "instrument guitar piano drum violin",
}
_BY_WORD: dict[str, str] = {
    **{word: category for category, words in _SYNONYMS.items() for word in words.split()},
    **{category: category for category in CATEGORIES},
}


def category_of(tags: Iterable[str], title: str = "") -> str:
    """The category that the tags name, else the title's words; the first that says anything decides."""
    for text in (*tags, title):
        lowered = " ".join(re.findall(r"[a-z]+", text.lower()))
        if lowered in _BY_WORD:
            return _BY_WORD[lowered]
        for word in lowered.split():
            if word in _BY_WORD:
                return _BY_WORD[word]
    return MISCELLANEOUS
