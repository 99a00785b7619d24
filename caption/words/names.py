"""What a motion and an asset are called, as plain words or none: 'Armature|Walk_Forward_Loop' is 'walk forward'.

What comes out is fit for a prompt, as a hint, and is where the grammar looks for a verb. A caption takes words from it
only where a list of ours knows them.
"""

from __future__ import annotations

from collections.abc import Iterable

from caption.words.plain import plain_words

MAX_MOTION_WORDS = 4
MAX_TITLE_WORDS = 6
MAX_TAGS = 12

_TOOLS = frozenset(
    "mixamo mixamorig mixamorigs com blender maya max unity unreal godot substance zbrush sketchfab turbosquid "
    "cgtrader "
    "quaternius kaykit kenney gdquest khronos vroid vrm bip cc fbx glb gltf obj dae bvh blend usd usdz zip ual "
    "ue cmu bandai".split()
)
_EXPORT = frozenset(
    "take armature action actions anim anims animation animations scene base layer baselayer skeleton skel rig rigs "
    "metarig rigify root rootmotion baked bake export exported exports import imported clip clips track tracks "
    "timeline sequence default untitled unnamed undefined unknown null none nan nil temp tmp test copy mesh object "
    "objects node nodes group model models asset assets file global deform ctrl control controls retarget retargeted "
    "transformed converted optimized output motion mocap nla strip key keyframe keyframes frame frames main "
    "lod ver version final new old wip rev draft edit edited fix fixed loop looped looping looped cycle cycles "
    "true false".split()
)
_TITLE_ONLY = frozenset(
    "low poly lowpoly high highpoly hp lp rigged rigging animated animate animatable free download downloadable "
    "game ready gameready games pbr textured texture textures untextured voxel stylized stylised realistic "
    "pack bundle sale commission request update updated demo sample samples".split()
)
# What 'old', 'new' and 'walk cycle' would say of a motion or an export they may well say of a thing.
_NOT_IN_TITLES = frozenset("old new main group cycle key file track root output frame".split())
_CUT = frozenset("of the a an and with for to in on by from at or".split())


def motion_words(name: str, title: str = "") -> str:
    """A motion's name as at most four plain words, without those of the asset's title; '' where it says nothing.

    >>> motion_words("Armature|mixamo.com"), motion_words("01_Run"), motion_words("Fox_Survey", "Fox")
    ('', 'run', 'survey')
    """
    called = set(plain_words(title))
    for part in reversed(name.split("|")):
        words = [word for word in plain_words(part) if _says(word, _TOOLS | _EXPORT)]
        own = [word for word in words if word not in called] or words
        if any(word not in _CUT for word in own):
            return _joined(own, MAX_MOTION_WORDS)
    return ""


def title_words(title: str) -> str:
    """An asset's title as at most six plain words: 'Low poly animated dog (rigged) FREE' is 'dog'."""
    noise = (_TOOLS | _EXPORT | _TITLE_ONLY) - _NOT_IN_TITLES
    return _joined([word for word in plain_words(title) if _says(word, noise)], MAX_TITLE_WORDS)


def tag_words(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as plain words, each once, in their order; those that say nothing of the asset are left out."""
    return tuple(dict.fromkeys(text for tag in list(tags)[:MAX_TAGS] if (text := title_words(tag))))


def _says(word: str, noise: frozenset[str]) -> bool:
    return len(word) > 1 and word not in noise or word == "a"


def _joined(words: list[str], most: int) -> str:
    """The first few of them, none twice in a row, no 'the' or 'with' at either end."""
    kept: list[str] = []
    for word in words:
        if not kept or kept[-1] != word:
            kept.append(word)
    while kept and kept[0] in _CUT:
        kept.pop(0)
    kept = kept[:most]
    while kept and kept[-1] in _CUT and not (len(kept) == 2 and kept[-1] in ("in", "on")):
        kept.pop()
    return " ".join(kept)
