"""What is wrong with a value of a profile, in words that say what is allowed; pydantic's own are for programmers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rigmill.config.schema import Profile

Path = tuple[str | int, ...]

# Keys that there were once, and what is written instead.
RENAMED = {
    "shards.samples_per_shard": "tars are filled to a size now: write shard_mb, in megabytes (256 where nothing speaks "
    "against it), and take this line out"
}

_WHOLE, _NUMBER, _FLAG = "must be a whole number", "must be a number", "must be true or false"
_TEXT, _LIST, _SECTION = "must be text", "must be a list: [a, b]", "must be a section: keys below it, two spaces in"
# By the kind of pydantic's error, with the values that it gives.
_WORDS = {
    "missing": "is missing",
    "invalid_key": "must be text, as all keys",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE + " of a size that computers have",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "string_type": _TEXT + " (in quotes where it looks like a number)",
    "string_pattern_mismatch": "must look like {pattern}",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": "must be a mapping: {{a: 1, b: 2}}",
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
    "union_tag_not_found": "needs a key 'kind', which says what the others mean",
    "union_tag_invalid": "has a kind that there is not; there are {expected_tags}",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "multiple_of": "must be a multiple of {multiple_of:g}",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have {max_length} or fewer entries",
}


def what_is_allowed(kind: str, context: Mapping[str, Any], message: str) -> str:
    """What a value must be, after a key's name. `message` is pydantic's, for kinds that no key of ours can have."""
    words = _WORDS.get(kind)
    return message.lower() if words is None else words.format(**context)


def contradictions(profile: Profile) -> Iterator[tuple[Path, str]]:
    """Keys whose values are fine alone and cannot be what a person wants beside the others, and why."""
    filters, frames = profile.filters, profile.train.num_frames
    longest = (filters.max_frames - 1) // 4 * 4 + 1  # clips are cut to a 4k+1
    if longest <= filters.min_frames:
        least = (filters.min_frames + 3) // 4 * 4 + 1
        yield (
            ("filters", "max_frames"),
            f"no clip could pass: it needs more than filters.min_frames = {filters.min_frames} frames and is cut to "
            f"{longest}; must be {least} or more",
        )
    if (frames - 1) % 4:
        below = (frames - 1) // 4 * 4 + 1
        yield ("train", "num_frames"), f"must be a 4k+1, as video codecs pack frames: {below} or {below + 4}"
    for section, counts in (("latents", profile.latents.frame_counts), ("train", profile.train.frame_counts)):
        for count in counts:
            if (count - 1) % 4:
                yield (section, "frame_counts"), f"must be 4k+1, as video codecs pack frames, and {count} is not"
    stages = [stage.name for stage in profile.train.stages]
    for place, stage in enumerate(profile.train.stages):
        if stage.name in stages[:place]:
            yield ("train", "stages", place, "name"), f"another stage is called {stage.name}"
        elif stage.starts_from in stages[place:]:
            yield ("train", "stages", place, "starts_from"), "must name a stage that comes before it, or a checkpoint"
    names = [source.name for source in profile.sources]
    for section, key, value in (
        ("train", "mixture", profile.train.mixture),
        ("train", "may_lack", dict.fromkeys(profile.train.may_lack)),
        ("retarget", "clips", profile.retarget.clips),
    ):
        for name in value:
            if name not in names:
                yield (section, key, name), f"no source has this name; the sources are called {', '.join(names)}"
