"""What a stage trains and what it leaves alone, by group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from torch import nn

from train.weights import ADAPTER, Model

GROUPS = ("lora", "modality", "camera", "views", "shortcuts", "base", "text", "codec")


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers (not tensors) of one part of a model."""

    group: str
    trained: int
    frozen: int


def group_of(name: str) -> str:
    """The group of a parameter of `Model`, by its name."""
    part, _, rest = name.partition(".")
    if part != "denoiser":
        return part
    if ADAPTER in rest:
        return "lora"
    own = rest.partition(".")[0]
    return "base" if own == "wan" else own


def groups_of(model: Model) -> list[Group]:
    """Every group that the model has."""
    sizes = {name: [0, 0] for name in GROUPS}
    of_codec = model.codec.parameters() if isinstance(model.codec, nn.Module) else ()
    named = [*model.named_parameters(), *((f"codec.{index}", weight) for index, weight in enumerate(of_codec))]
    seen = set()
    for name, weight in named:
        if id(weight) not in seen:  # a tied tensor has several names
            seen.add(id(weight))
            sizes[group_of(name)][0 if weight.requires_grad else 1] += weight.numel()
    return [Group(name, trained, frozen) for name, (trained, frozen) in sizes.items() if trained or frozen]


def csv_of(groups: Iterable[Group]) -> str:
    """A line a group."""
    lines = [",".join(field.name for field in fields(Group)), *(",".join(map(str, astuple(one))) for one in groups)]
    return "\n".join(lines) + "\n"


def words_of(groups: Iterable[Group]) -> str:
    """One sentence for the log."""
    groups = list(groups)
    trained = [f"{one.group} {one.trained:,}" for one in groups if one.trained]
    frozen = [f"{one.group} {one.frozen:,}" for one in groups if one.frozen]
    return f"trained parameters: {', '.join(trained) or 'none'}; frozen: {', '.join(frozen) or 'none'}"
