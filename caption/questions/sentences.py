"""What a caption of a model must be, whatever the clip shows: one plain English sentence about the subject alone."""

from __future__ import annotations

import re
import unicodedata

from caption.questions.cleaning import one_line
from caption.questions.hints import Hints
from rigmill.outcomes import Refusal, Reject

MAX_WORDS = 16  # 12 are asked for; a few more are no reason to lose a good one
MAX_CHARACTERS = 160
_READ_CHARACTERS = 2000

# Who speaks of these speaks of the pictures, or of how the file is made.
_OF_PICTURES = frozenset(
    """render renders rendered rendering camera cameras view views viewed viewer viewers viewpoint viewpoints angle
    angles azimuth azimuths image images picture pictures photo photos frame frames footage video videos clip clips
    screenshot screenshots scene scenes background foreground screen animation animations animated animates sequence
    sequences caption captions template grid 3d cgi model models mesh meshes rig rigs rigged armature mixamo skinned
    polygon polygons vertex vertices texture textures keyframe keyframes fbx glb gltf untitled prompt
    instructions""".split()
)
# What a subject may well be: a camera turns, where the catalogue calls it so.
_MAY_BE_SUBJECTS = frozenset("camera cameras screen photo picture pictures frame frames video clip grid".split())
_ENGLISH = frozenset(
    """a an the its his her their it he she they in on at to from with of and while as by into onto up down forward
    forwards backward backwards left right is are then over around one both off out away toward towards
    sideways side""".split()
)
# Words that no English sentence about a motion has.
_FOREIGN = frozenset(
    """der das ein eine einen und nach mit auf dem den ist sich vorwärts le la les un une des du et vers dans avec sur
    est se el los las una y con hacia su por para il lo gli uno che di nel della verso o os um uma na para com em seu
    het een naar met op zijn""".split()
)
_PLAIN = re.compile(r"[\w ,.'-]+")


def checked_sentence(text: str, hints: Hints) -> str:
    """The sentence as it is stored: one line, capital first, full stop last. A Refusal says what is wrong with it.

    Words of pictures that may be a subject are allowed where the catalogue says them.
    """
    line = one_line(text, _READ_CHARACTERS).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").strip()
    line = line[:1].upper() + line[1:].rstrip(" .!") + "."
    words = re.findall(r"[\w'-]+", line.lower())
    for problem in (_of_form(line, words), _of_language(words), _of_pictures(words, hints)):
        if problem:
            raise Refusal(Reject.BAD_CAPTION, f"the caption {problem}")
    return line


def _of_form(line: str, words: list[str]) -> str:
    if not words:
        return "holds no words"
    if len(line) > MAX_CHARACTERS or len(words) > MAX_WORDS:
        return f"is longer than {MAX_WORDS} words or {MAX_CHARACTERS} characters"
    if len(words) < 3:
        return "is no sentence"
    if re.search(r"[.!?]\s+\S", line):
        return "is more than one sentence"
    if re.search(r"://|\bwww\b|@|\w\.\w", line):
        return "holds an address or a file's name"
    if not _PLAIN.fullmatch(line):
        return "holds markup or other signs than letters, commas and a full stop"
    if "_" in line or re.search(r"[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]{3}", line):
        return "holds a technical name"
    if max(map(len, words)) > 24 or any(words[place : place + 3] == [word] * 3 for place, word in enumerate(words)):
        return "holds no ordinary words"
    return ""


def _of_language(words: list[str]) -> str:
    letters = [letter for word in words for letter in word if letter.isalpha()]
    latin = all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    foreign = len(_FOREIGN.intersection(words))
    return "" if latin and len(_ENGLISH.intersection(words)) > foreign else "is not in English"


def _of_pictures(words: list[str], hints: Hints) -> str:
    said = hints.cleaned()
    allowed = _MAY_BE_SUBJECTS & set(" ".join([str(said.get("title", "")), *said.get("tags", [])]).lower().split())
    spoken = {part for word in words for part in (word, *word.split("-"), word.removesuffix("'s"))}
    found = sorted(spoken & _OF_PICTURES - allowed)
    return f"speaks of how it is shown or made ('{found[0]}')" if found else ""
