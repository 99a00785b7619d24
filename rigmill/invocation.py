"""What a person typed to choose their data, and other commands said with the same options."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from rigmill.printable import one_line

_OF_NO_PROFILE = ("doctor",)  # these look at the machine alone


@dataclass(frozen=True, slots=True)
class Invocation:
    """A profile (None: no matter), its file where one was named, and the values changed by --set."""

    profile: str | None = None
    config: str | None = None
    overrides: tuple[str, ...] = ()

    def suggest(self, *words: str) -> str:
        """`rigmill WORDS` with these options, quoted for a shell: a command that does what the text beside it says."""
        options: list[str] = []
        if words[0] not in _OF_NO_PROFILE:
            options += ["--profile", self.profile] if self.profile is not None else []
            options += ["--config", self.config] if self.config is not None else []
            for override in self.overrides:
                options += ["--set", override]
        place = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
        return " ".join(map(_quoted, ["rigmill", *words[:place], *options, *words[place:]]))


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
