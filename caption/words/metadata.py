"""A caption from what the asset and the motion are called. No model looks at the pictures."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 200
_MARKUP = re.compile(r"<[^<>]{0,200}>")
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.|mailto:)\S*|\b[\w-]+\.(?:com|net|org|io)\b", re.IGNORECASE)
_FILE_ENDING = re.compile(r"\.(?:fbx|glb|gltf|vrm|blend|obj|dae)\b", re.IGNORECASE)
_RIG_NOISE = re.compile(r"^(?:.*\|)")  # 'Armature|walk', 'CharacterArmature|Run'
_NOTHING = frozenset(
    {
        "",
        "scene",
        "untitled",
        "model",
        "asset",
        "object",
        "armature",
        "animation",
        "action",
        "anim",
        "take",
        "default",
        "baselayer",
        "mixamo",
    }
)


def caption(title: str, tags: list[str], motion_name: str) -> str:
    """One sentence such as 'Clay biped: walk cycle.'; empty when there is nothing to say."""
    subject = clean(title) or next((text for text in map(clean, tags) if text), "")
    motion = clean(_RIG_NOISE.sub("", motion_name))
    if motion.lower() == subject.lower():
        motion = ""
    words = f"{subject}: {motion}" if subject and motion else subject or motion
    if not words:
        return ""
    words = words[0].upper() + words[1:]
    if len(words) > MAX_CHARACTERS - 1:
        words = words[: MAX_CHARACTERS - 1].rsplit(" ", 1)[0].rstrip(" :")
    return words + "."


def clean(text: str) -> str:
    """A stranger's text as plain words: no markup, addresses, control characters, file endings or underscores."""
    text = unicodedata.normalize("NFKC", text)
    text = _FILE_ENDING.sub(" ", _URL.sub(" ", _MARKUP.sub(" ", text)))
    text = "".join(
        letter if letter.isalnum() or letter in "'-" or unicodedata.category(letter)[0] == "M" else " "
        for letter in text
    )
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = [word.strip("'-") for word in text.split() if any(letter.isalnum() for letter in word)]
    # Numbers alone ('Anim 0', 'Take 001') say nothing.
    if all(word.isdigit() or word.lower() in _NOTHING for word in words):
        return ""
    return " ".join(word for word in words if word)
