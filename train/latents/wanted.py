"""Which latents a profile's training wants: its own encoders, sizes and windows. No torch: planning needs none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from rigmill.storage.files import canonical_json, digest
from rigmill.types import Row
from shards.loader.latents.encoding import Encoding
from train.components.places import Places, known_weights
from train.inputs import settings_of, stage_settings
from train.recipes import RECIPES, DeviceName, ModelConfig

if TYPE_CHECKING:
    from rigmill.config.schema import Profile

PARTS = ("vae", "text_encoder", "tokenizer")  # of a recipe's weights, those that encode


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What a training's encoders are built of."""

    recipe: str
    size_px: int
    device: DeviceName
    weights: Mapping[str, str]  # fingerprints by component, of those in folders; none where they are not all there
    # Of a text encoder that no folder holds: the model with which it is built, and the seed of their random weights.
    built_with: Mapping[str, Any] | None = None
    seed: int = 0

    def to_row(self) -> Row:
        """As JSON."""
        return asdict(self)

    @property
    def config(self) -> ModelConfig:
        """The recipe: codec and text encoder are the same in all stages of a training."""
        return RECIPES[self.recipe](self.size_px)


def encoders_of(profile: Profile) -> EncoderSettings:
    """Those of the first stage of the profile's training, which the others take over."""
    root = stage_settings(settings_of(profile))[0][0]
    config, places = root.config(), Places.of(profile.train.weights.model_dump(mode="json"))
    found = EncoderSettings(root.recipe, root.size_px, root.device, known_weights(config, places, only=PARTS))
    text = config.text
    if text.kind == "words" or text.origin == "folder":
        return found
    return replace(found, built_with=json.loads(canonical_json(root.root_config().to_dict())), seed=root.seed)


def encoding_of(profile: Profile) -> Encoding:
    """How the profile's latents are encoded, whether or not it asks for them.

    Where the encoders' weights are missing it is none that was ever done.
    """
    section, encoders = profile.latents, encoders_of(profile)
    config, known = encoders.config, encoders.weights
    random = [encoders.built_with, encoders.seed]
    text = digest("text", asdict(config.text), known.get("text_encoder"), known.get("tokenizer"), random)
    counts = profile.train.frame_counts or (profile.train.num_frames,)
    return Encoding(
        codec=digest("codec", *map(asdict, filter(None, (config.codec, config.pose_codec))), known.get("vae")),
        text=text,
        size_px=config.size_px,
        multiple=config.cell_px,
        pose_map=None if config.pose_map is None else config.pose_map.to_row(),
        frame_counts=tuple(sorted(set(section.frame_counts or counts))),
        frame_stride=config.frame_stride,
        windows=section.windows,
        conditions=section.conditions,
        dtype=section.dtype,
    )
