"""What a person typed to choose their data, and other commands said with the same options."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rigmill.printable import one_line

_OF_NO_PROFILE = ("doctor",)  # these look at the machine alone


@dataclass(frozen=True, slots=True)
class Invocation:
    """A profile (None: no matter), its file where one was named, and the values changed by --set."""

    profile: str | None = None
    config: str | None = None
    overrides: tuple[str, ...] = ()
    program: str = "rigmill"

    def suggest(self, *words: str) -> str:
        """`rigmill WORDS` with these options, quoted for a shell: a command that does what the text beside it says."""
        options: list[str] = []
        if words[0] not in _OF_NO_PROFILE:
            options += ["--profile", self.profile] if self.profile is not None else []
            options += ["--config", self.config] if self.config is not None else []
            for override in self.overrides:
                options += ["--set", override]
        place = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
        return " ".join(map(_quoted, [self.program, *words[:place], *options, *words[place:]]))


def typed_program() -> str:
    """How this shell finds the program that runs: `.venv/bin/rigmill` where that is not on its path."""
    typed = sys.argv[0]
    if Path(typed).name != "rigmill":
        return "rigmill"  # a module of a test, or of who knows what they do
    on_path = shutil.which("rigmill")
    return "rigmill" if on_path is not None and os.path.realpath(on_path) == os.path.realpath(typed) else typed


def _quoted(word: str) -> str:
    if one_line(word) == word:
        return shlex.quote(word)
    # Characters that no terminal may see, in the spelling that shells have for them.
    spelt = "".join(
        "".join(f"\\x{byte:02x}" for byte in letter.encode(errors="surrogateescape"))
        if one_line(letter) != letter or letter in "'\\"
        else letter
        for letter in word
    )
    return f"$'{spelt}'"
