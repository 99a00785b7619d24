"""A caption taken apart: its clauses, and the verbs in them in whatever form they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from caption.words.english import ing, third

_PAST = {
    verb: past
    for pair in (
        "run-ran fly-flew swim-swam spin-spun leap-leapt sit-sat lie-lay stand-stood fall-fell rise-rose sink-sank "
        "go-went come-came swing-swung shut-shut creep-crept stride-strode slide-slid drive-drove throw-threw get-got"
    ).split()
    for verb, past in [pair.split("-")]
}
_CLAUSE = re.compile(
    r"[,;:.!]+|\b(?:and|then|while|before|after|as(?! if\b| though\b)|whilst|when|until|but|followed by)\b"
)
# Whose place is meant is not the subject's: a viewer's left.
_VIEWERS = re.compile(
    r"\b(?:to|on|from|toward|towards)?\s*(?:the\s+|our\s+|your\s+)?(?:viewer's|camera's|viewers'|screen's"
    r"|observer's|audience's)\s+(?:left|right)"
    r"|\b(?:screen|camera|stage|frame)[- ](?:left|right)\b"
    r"|\b(?:(?:to|on)\s+)?the\s+(?:left|right)(?:\s+side)?\s+of\s+the\s+(?:screen|image|frame|picture|camera"
    r"|viewer|scene|view)\b"
    r"|\bfrom\s+(?:the\s+)?(?:left|right)\s+to\s+(?:the\s+)?(?:left|right)\b|\bleft\s+(?:and|to|or)\s+right\b"
    r"|\bright\s+(?:and|to|or)\s+left\b"
)
# What is said not to happen, or only to be meant, claims nothing.
_UNSAID = re.compile(
    r"\b(?:not|never|no|without|isn't|doesn't|don't|neither|nor|almost|nearly|about to|prepar\w+|tr(?:y|ies|ied"
    r"|ying)|"
    r"attempt\w*|ready|readies|as if|as though|like an?|pretend\w*|appears? to|seems? to|imitat\w+|mimic\w*"
    r"|possibly|perhaps)\b"
)
PART_NOUNS = (
    "arms?|hands?|fists?|forearms?|elbows?|shoulders?|fingers?|legs?|feet|foot|knees?|paws?|hooves|hips?|head|neck|"
    "face|gaze|eyes?|ears?|jaws?|mouth|beak|tail|wings?|fins?|tentacles?|antennae?|torso|body|chest|waist|trunk|spine|"
    "upper body|weight|doors?|lids?|drawers?|wheels?|blades?|propellers?|rotors?|levers?|handles?|hatch|gate|windows?|"
    "parts?|hair|cape|cloak|sword|weapon|gun|shield|staff|axe|bow|horns?|claws?|pedals?|gears?|spikes?"
)
_OWN_PART = re.compile(rf"\b(?:{PART_NOUNS})s?\b")


@dataclass(frozen=True, slots=True)
class Claim:
    """A verb in its clause. `after` is what follows it up to the clause's end, `before` what stands ahead of it."""

    verb: str  # plain form
    said: str  # as it stands
    before: str
    after: str

    @property
    def phrase(self) -> str:
        """What a correction quotes: the verb and a few words."""
        return " ".join([self.said, *self.after.split()[:6]])

    @property
    def of_subject(self) -> bool:
        """Whether the whole subject does it: not its tail, and not to an object ('turns its head', 'runs a hand')."""
        moved = re.match(
            r"(?:its|his|her|their|the|an?|both|one|some)\b(?!\s+(?:left|right)\b(?!\s+(?:\w+\s+)?(?:"
            + PART_NOUNS
            + r")))",
            self.after,
        )
        return not moved and not _OWN_PART.search(self.before)

    @property
    def way(self) -> str:
        """What follows it up to a part of the body: 'walks forward with its left arm raised' goes forward, not left."""
        cut = re.search(
            rf"\b(?:with|its|his|her|their|both|swinging|raising|holding"
            rf"|carrying)\s+(?:\w+\s+)?(?:\w+\s+)?(?:{PART_NOUNS})\b|\b(?:facing|looking|leaning)\b",
            self.after,
        )
        return self.after[: cut.start()] if cut else self.after


def clauses(sentence: str) -> tuple[str, ...]:
    """The clauses that say that something is so, in lower case; a viewer's left and right are gone."""
    text = sentence.lower().replace("\u2019", "'")
    text = _VIEWERS.sub(" ", re.sub(r"[\"()]", " ", text))
    text = re.sub(r"\b(open(?:s|ing)?) and (clos(?:es|e|ing)|shut(?:s|ting)?)\b", r"\1 & \2", text)  # said in one
    found = (" ".join(part.split()) for part in _CLAUSE.split(text))
    return tuple(part for part in found if part and not _UNSAID.search(part))


def claims(clause: str, verbs: Iterable[str]) -> list[Claim]:
    """Where the clause uses one of the verbs as a verb."""
    forms = _forms(tuple(verbs))
    found = []
    for match in re.finditer(r"[a-z']+(?:-[a-z]+)?", clause):
        if match[0] not in forms:
            continue
        verb, before, after = forms[match[0]], clause[: match.start()].strip(), clause[match.end() :].strip()
        if match[0] == verb and not re.search(
            r"(?:^|\b(?:to|they|will|can|both)\s*|(?<!\bit)(?<!\bhi)(?<!\bthi)s\s*)$", before
        ):
            continue  # 'a walk', 'a race car': the plain form is a verb after 'to', at a clause's start, after plurals
        if (
            match[0].endswith("ing")
            and re.search(r"\b(?:an?|the|its|their|his|her)$", before)
            and re.match(r"[a-z]", after)
            and not re.match(r"(?:motion|movement|gait|cycle|action)\b", after)
        ):
            continue  # 'a running man'
        found.append(Claim(verb, match[0], before, after))
    return found


@lru_cache(maxsize=256)
def _forms(verbs: tuple[str, ...]) -> dict[str, str]:
    """Every form -> the plain one."""
    found: dict[str, str] = {}
    for verb in verbs:
        past = _PAST.get(verb, verb + "d" if verb.endswith("e") else re.sub("ing$", "ed", ing(verb)))
        past = re.sub(r"([^aeiou])y$", r"\1ied", verb) if re.search(r"[^aeiou]y$", verb) and verb not in _PAST else past
        for form in (verb, third(verb), ing(verb), past):
            found.setdefault(form, verb)
    return found
