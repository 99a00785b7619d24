"""What a model's sentence must be before anybody asks whether it is true: one plain English sentence of what moves."""

from __future__ import annotations

import re
import unicodedata

from caption.words.plain import FILE_ENDING, MARKUP, URL, gives_orders

MIN_WORDS = 3
MAX_WORDS = 24
MAX_CHARACTERS = 200
_MAX_READ_CHARACTERS = 4000
_QUOTES = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2013": "-",
    "\u2014": "-",
    "\u2026": ".",
    "\u00a0": " ",
}

# Of pictures, and of whoever looks at them. "in view" and "views" are; "turns to view its tail" is an act.
_VIEWER = re.compile(
    r"\brender(?:s|ed|ing|ings)?\b|\b(?:the|towards?|facing|at|to|off|on|from|our|your|this|second|front"
    r"|side)\s+cameras?\b"
    r"|\bcamera(?:'s)?\s+(?:views?|angles?|pans?|zooms?|perspective)\b|\bviewers?(?:'s)?\b|\bviewpoints?\b"
    r"|\bperspective\b"
    r"|\b(?:front|side|rear|back|top|four|multiple|different|all|each|camera)\s+views?\b|\bviews\b|\b(?:in|into"
    r"|from|of) view\b"
    r"|\b(?:images?|pictures?|photos?|photographs?|footage|screenshots?|thumbnails?|(?<!control )panels?|backgrounds?"
    r"|foreground|grid|clip|scene)\b"
    r"|\bvideos?\b(?! (?:camera|game))|(?<!door )(?<!window )\bframes?\b|(?<!its )(?<!'s )\bscreens?\b"
    r"|\b3-?\s?d\b|\bcgi\b|\banimations?\b|\banimated\b|\blow[- ]poly\b|\bpolygon(?:s|al)?\b|\bmesh(?:es)?\b"
    r"|\bwireframe\b"
    r"|\btextur(?:e|es|ed)\b|\brigged\b|\bmodels?\b|\bpose maps?\b|\bkeyframes?\b|\b(?:walk|run|idle) (?:cycle"
    r"|loop)\b|\b[at]-pose\b",
    re.IGNORECASE,
)
_TECHNICAL = re.compile(
    r"\w*_\w*|\b(?i:mixamo(?:rig)?|armature|bvh|fbx|glb|gltf|lod\s?\d*|rig|bip\d+|joint\s?\d+)\b"
    r"|[a-z][A-Z]|\b\w*\d\w*[a-zA-Z]\w*\b|\b[a-zA-Z]\w*\d\w*\b|\b\d{4,}\b"
)
_NOT_SAID = re.compile(
    r"\b(?:i am|i'm|i cannot|i can't|i see|sorry|as an ai|unable to|unclear|cannot determine|it is not possible"
    r"|unknown|caption:|sentence:|"
    r"here is|sure[,!]|based on|the hints?|the title|the facts?)\b",
    re.IGNORECASE,
)
# The commonest small words: an English sentence of this kind has one of them, one of another language written in the
# same letters hardly ever has.
_ENGLISH = frozenset(
    "a an the its their his her is are and with in on to from of up down forward backward while then around at "
    "two three".split()
)
_OTHER_LANGUAGES = frozenset(
    "der die das ein eine einen und mit nach vorne le la les un une et avec el los las una uno y con hacia il lo gli "
    "een het de den det och og en em um uma para por vers sur auf seine ihre sein ses sus su".split()
)


def refusals(sentence: str) -> str | None:
    """Why the sentence, `stripped` before, is no caption; None where it is one."""
    if not sentence:
        return "it is empty"
    if len(sentence) > MAX_CHARACTERS:
        return f"it has {len(sentence)} characters, more than {MAX_CHARACTERS}"
    if foreign := next((letter for letter in sentence if not (letter.isascii() and letter.isprintable())), None):
        return f"it has a letter that is not English ({unicodedata.name(foreign, 'no printable character')})"
    if re.search(r"[{}\[\]<>|\\`*#=~^]", sentence) or MARKUP.search(sentence):
        return "it has markup"
    if URL.search(sentence):
        return "it has an address"
    if gives_orders(sentence):
        return "it speaks to its reader"
    if viewer := _VIEWER.search(sentence):
        return f"it speaks of how it is shown: '{viewer[0].lower()}'"
    if FILE_ENDING.search(sentence) or _TECHNICAL.search(sentence):
        return "it has a technical name"
    words = re.findall(r"[A-Za-z']+(?:-[A-Za-z']+)*", sentence)
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        return f"it has {len(words)} words, not {MIN_WORDS} to {MAX_WORDS}"
    if _NOT_SAID.search(sentence):
        return "it speaks of the answer, not of the motion"
    if re.search(r"[.!?;]\s+\S", sentence):
        return "it is more than one sentence"
    return _not_english(words) or repeats(sentence)


def stripped(text: str) -> str:
    """The sentence in one form: no space or quotes around it, one space between words, a capital and a full stop."""
    text = unicodedata.normalize("NFC", text[:_MAX_READ_CHARACTERS])
    text = "".join(_QUOTES.get(letter, letter) for letter in text)
    text = " ".join(text.split())
    while len(text) > 1 and text[0] in "\"'" and text[-1] in "\"'":
        text = text[1:-1].strip()
    text = re.sub(r"\s*[.!]+\s*$", "", text)
    if not text or text[-1] in "?}])>":
        return text
    return text[0].upper() + text[1:] + "."


def _not_english(words: list[str]) -> str | None:
    small = [word.lower() for word in words]
    foreign = sum(word in _OTHER_LANGUAGES for word in small)
    english = sum(word in _ENGLISH or word.endswith(("ing", "ly")) for word in small)
    if english == 0 or foreign > english:
        return "it is not English"
    return "it shouts" if sum(word.isupper() and len(word) > 1 for word in words) > 1 else None


def repeats(sentence: str) -> str | None:
    """Loops of a model that found no end: a word twice in a row, three words twice, or few words over and over."""
    small = re.findall(r"[a-z']+(?:-[a-z']+)*", sentence.lower())
    if any(one == other for one, other in zip(small, small[1:])):
        return "it repeats a word"
    threes = [tuple(small[place : place + 3]) for place in range(len(small) - 2)]
    if len(threes) > len(set(threes)):
        return "it repeats itself"
    return "it repeats itself" if max(map(small.count, small), default=0) > max(3, len(small) // 4) else None
