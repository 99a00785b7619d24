"""Captions of a corpus's takes and of generated assets beside their names, for a person to read."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.captions.takes_part import Named, takes
from benchmarks.common.corpus import FPS, blender
from caption.category import category_of
from caption.words.checks import refusals
from caption.words.claims import contradictions
from caption.words.grammar import captions
from caption.words.subject import Subject
from curate.licences.embedded import read_embedded
from curate.sources.local_files import words
from rigmill.blender.requests import MAKE_ASSET, PROBE_ASSET, MakeAnswer, MakeItem
from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.outcomes import Refusal
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes

GROUPS = ("biped", "quadruped", "winged", "cabinet", "motion")
VARIANTS, SEED, PHRASINGS = 2, 7, 3
_LEFT = re.compile(r"\b(?:left|right|forward|backward)\b")


@dataclass(frozen=True)
class Told:
    """A take, what its asset is called, and what the joints say."""

    file: str
    take: str
    subject: Subject
    facts: MotionFacts


def of_corpus(corpus: Path) -> Iterator[Told]:
    """Every take, its title as the folder source gives it: the file's own, else the words of its name."""
    for named in takes(corpus):
        yield Told(named.file, named.take, _subject(corpus / named.file, ()), _facts(named))


def of_generated() -> Iterator[Told]:
    """What the demo makes."""
    client = blender()
    try:
        for group in GROUPS:
            for variant in range(VARIANTS):
                with tempfile.TemporaryDirectory() as folder:
                    scratch = Path(folder)
                    item = MakeItem(group=group, variant=variant, seed=SEED).to_item()
                    (reply,) = client.run(MAKE_ASSET, [item], scratch=scratch)
                    made = MakeAnswer.from_item(reply.value)
                    asked = {"path": str(scratch / made.file), "format": made.format, "fps": FPS, "store_motions": True}
                    (reply,) = client.run(PROBE_ASSET, [asked | {"rigid_rigs": True}], scratch=scratch)
                    found, tags = reply.value, tuple(made.tags)
                    rig = rig_from_bytes((scratch / found["rig_file"]).read_bytes())
                    subject = Subject(made.title, tags, category_of(tags, made.title))
                    for take in found["motions"]:
                        motion = motion_from_bytes((scratch / take["motion_file"]).read_bytes())
                        yield Told(f"{group}-{variant}", take["name"], subject, measure(rig, motion))
    finally:
        client.close()


def faults(text: str, told: Told) -> list[str]:
    """What is wrong with a caption that can be told without reading it."""
    found = list(contradictions(text, told.facts))
    if why := refusals(text):
        found.append(why)
    if not told.facts.front_known and _LEFT.search(text):
        found.append("a side or a way of what has no known front")
    return found


def figures() -> dict[str, Any]:
    """Prints every take's captions; how many, of how many takes, and how many have a fault."""
    corpus = os.environ.get("RIGMILL_CORPUS")
    if not corpus:
        raise SystemExit("RIGMILL_CORPUS is not set: the folder of files to read")
    number = num_captions = num_faults = num_with_few = 0
    for source in (of_generated(), of_corpus(Path(corpus))):
        for told in source:
            clip = f"{told.file}:{told.take}"
            texts = captions(told.facts, told.subject, told.take, num=PHRASINGS, seed=SEED, clip_id=clip)
            print(f"{told.file} | {told.take} | {' / '.join(texts)}", flush=True)
            for text in texts:
                for fault in faults(text, told):
                    print(f"  fault: {text} {fault}")
                    num_faults += 1
            number, num_captions = number + 1, num_captions + len(texts)
            num_with_few += len(texts) < PHRASINGS
    return {
        "words_takes": number,
        "words_captions": num_captions,
        "words_faults": num_faults,
        "words_takes_with_fewer_phrasings": num_with_few,
    }


def _facts(named: Named) -> MotionFacts:
    return measure(named.rig, named.motion, humanoid=named.humanoid)


def _subject(path: Path, tags: tuple[str, ...]) -> Subject:
    try:
        title = read_embedded(io.BytesIO(path.read_bytes())).title
    except Refusal:
        title = ""
    title = title or words(path.stem)
    return Subject(title, tags, category_of(tags, title))
