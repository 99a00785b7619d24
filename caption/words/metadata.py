"""A caption from what the asset and the motion are called. No model looks at the pictures, nobody asks the joints."""

from __future__ import annotations

from caption.words.english import capital
from caption.words.names import motion_words, tag_words, title_words


def caption(title: str, tags: list[str], motion_name: str) -> str:
    """One line such as 'Clay biped: walk cycle.'; empty where names and tags hold no words."""
    subject = title_words(title) or next(iter(tag_words(tags)), "")
    motion = motion_words(motion_name, title)
    words = subject if not motion or motion == subject else f"{subject}: {motion}" if subject else motion
    return f"{capital(words)}." if words else ""
