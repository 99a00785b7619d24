"""The denoiser's passes as tapes: what its blocks and its head keep for the backward pass. No torch.

Operation by operation as train/model/block.py and joint.py have them. Shape letters: train/model/joint.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from train.planning.cost import NUM_RAYS, DrawShape
from train.planning.tape import Tape, Value
from train.recipes import WHOLE, ModelConfig, Trains


@dataclass(frozen=True, slots=True)
class Widths:
    """Bytes a number: of matrix products and of frozen weights; and whether norms are one kernel, as on a GPU."""

    products: int
    frozen: int
    fused_norms: bool


GPU, CPU = Widths(products=2, frozen=2, fused_norms=True), Widths(products=4, frozen=4, fused_norms=False)


@dataclass(frozen=True, slots=True)
class Wants:
    """What of a model has gradients."""

    base: bool  # Wan's own weights
    adapters: bool
    modulation: bool
    views: bool

    @classmethod
    def of(cls, trains: Trains) -> Wants:
        everything = trains in WHOLE
        adapted = everything or trains == "adapters"
        return cls(everything, adapted, adapted, everything or trains == "views")


@dataclass(frozen=True, slots=True)
class Block:
    """One block's forward pass."""

    tape: Tape
    entry: Value  # the tokens that it is given
    attended: int  # bytes of what attention among tokens gave

    @property
    def keeps_entry(self) -> bool:
        """Whether its input is among what it keeps, as it is."""
        return any(value is self.entry for step in self.tape.steps for value in step.kept)


def block_tape(config: ModelConfig, shape: DrawShape, trains: Trains, widths: Widths, *, first: bool) -> Block:
    """Of a block; before the `first` one nothing may train."""
    own, wants, tape = config.denoiser, Wants.of(trains), Tape(widths.products, widths.fused_norms)
    dim, inner, rank, heads = own.width, own.ffn_dim, own.adapter_rank, own.num_attention_heads
    base_width = base_width_of(config, widths)
    num_tokens, frames = shape.sequences * shape.tokens(config), shape.sequences * shape.joint_frames(config)
    entry = tokens = Value(num_tokens * dim, widths.products, wants.base or wants.views or not first)
    text = Value(shape.sequences * shape.num_text * dim, widths.products, wants.base, lasting=True)
    modulation = Value(frames * 6 * dim, widths.products, wants.modulation, lasting=True)
    turns = [Value(0, 4, lasting=True)]
    # Positions of a frame, once for every view: cosines and sines.
    group = [Value(shape.num_views * shape.frame_tokens * own.attention_head_dim, 4) for _ in range(2)]
    attended: list[Value] = []

    def linear(value: Value, inside: int, outside: int) -> Value:
        out = tape.linear(value, inside, outside, width=base_width, trained=wants.base)
        if not rank:
            return out
        whole = tape.cast(value, 4)
        low = tape.linear(whole, inside, rank, width=4, trained=wants.adapters)
        up = tape.linear(low, rank, outside, width=4, trained=wants.adapters)
        scaled = tape.mul(up, Value(0, 0, lasting=True))
        tape.hold(value, whole, up)
        return tape.add(out, scaled)

    def view_linear(value: Value, inside: int, outside: int) -> Value:
        return tape.linear(value, inside, outside, width=4, trained=wants.views)

    def attention(normed: Value, given: Value, tables: list[Value], *, of_views: bool = False) -> Value:
        by = view_linear if of_views else linear
        width, trained = (4, wants.views) if of_views else (base_width, wants.base)
        query, key, value = by(normed, dim, dim), by(given, dim, dim), by(given, dim, dim)
        query = tape.rms_norm(query, dim, width=width, trained=trained)
        key = tape.rms_norm(key, dim, width=width, trained=trained)
        if tables:
            query, key = tape.turn(query, tables), tape.turn(key, tables)
        mixed = tape.attend(query, key, value, heads=heads, dim=dim)
        if tables:
            attended.extend([mixed, Value(query.numbers // dim * heads, 4)])
        done = by(tape.cast(mixed, query.width), dim, dim)
        tape.hold(query, key, value, mixed)
        return done

    def modulated(value: Value) -> Value:
        """The norm of the tokens, scaled and shifted."""
        scale = tape.add(Value(frames * dim, 4, table.grad), Value(0, 4))
        return tape.add(tape.mul(tape.layer_norm(tape.cast(value, 4), dim), scale), table)

    table = tape.add(tape.cast(modulation, 4), Value(6 * dim, 4, wants.base, lasting=True))
    normed = tape.cast(modulated(tokens), tokens.width)
    first_mixed = attention(normed, normed, turns)
    tape.hold(normed)
    tokens = tape.cast(tape.add(tape.cast(tokens, 4), tape.mul(first_mixed, table)), tokens.width)
    if own.multi_view:
        normed = tape.copy(tape.cast(modulated(tokens), tokens.width))
        tokens = tape.add(tokens, tape.copy(attention(normed, normed, group, of_views=True)))
    normed = tape.cast(tape.layer_norm(tape.cast(tokens, 4), dim, trained=wants.base), tokens.width)
    tokens = tape.add(tokens, attention(normed, text, []))
    normed = tape.cast(modulated(tokens), tokens.width)
    done = tape.cast(linear(tape.gelu(linear(normed, dim, inner)), inner, dim), 4)
    tape.cast(tape.add(tape.cast(tokens, 4), tape.mul(done, table)), tokens.width)
    tape.hold(entry, tokens, normed, first_mixed)
    return Block(tape, entry, sum(value.size for value in attended))


def head_tape(config: ModelConfig, shape: DrawShape, trains: Trains, widths: Widths) -> Tape:
    """From the last block's tokens to the loss."""
    own, wants, tape = config.denoiser, Wants.of(trains), Tape(widths.products, widths.fused_norms)
    dim, patch = own.width, 4 * own.in_channels
    frames = shape.sequences * shape.joint_frames(config)
    tokens = Value(shape.sequences * shape.tokens(config) * dim, widths.products, True)
    scale = Value(frames * dim, 4, wants.modulation)
    normed = tape.layer_norm(tape.cast(tokens, 4), dim)
    normed = tape.cast(tape.add(tape.mul(normed, scale), scale), tokens.width)
    patches = tape.linear(normed, dim, patch, width=base_width_of(config, widths), trained=wants.base)
    said = tape.copy(patches)
    # The conditions' frames have no loss.
    wrong = Value(said.numbers * shape.num_latent // (shape.num_latent + 1), 4, True)
    tape.do(wrong, [said])
    squared = tape.do(Value(wrong.numbers, 4, True), [wrong], [wrong], extra=wrong.size)
    tape.do(Value(wrong.numbers, 4, True), [squared])
    return tape


def kept_before_blocks(config: ModelConfig, shape: DrawShape, trains: Trains, widths: Widths) -> int:
    """Bytes of what is there from before the first block to the end of the backward pass."""
    own, wants = config.denoiser, Wants.of(trains)
    dim, wide = own.width, widths.products
    frames, captions = shape.sequences * shape.joint_frames(config), shape.num_clips * shape.num_text
    size = 2 * 4 * own.attention_head_dim * (shape.tokens(config) + shape.frame_tokens)  # positions
    size += wide * shape.sequences * shape.num_text * dim  # captions as the blocks see them
    size += frames * 7 * dim * wide  # modulation, of blocks and head
    if wants.base:
        patches = shape.sequences * shape.tokens(config) * 4 * own.in_channels
        size += wide * patches + wide * captions * (own.text_dim + 3 * dim)
    elif wants.views:
        size += wide * shape.sequences * NUM_RAYS * shape.rows * shape.columns
    # Weights in float32, once more for products in another type.
    if wide < 4 and wants.modulation and base_width_of(config, widths) == 4:
        size += wide * 6 * dim * dim
    if wide < 4 and wants.base:
        size += wide * (own.text_dim + dim) * dim
    return size


def base_width_of(config: ModelConfig, widths: Widths) -> int:
    """Bytes a number of Wan's own weights: those that are read from a folder are halved on a GPU."""
    return widths.frozen if config.denoiser.origin == "folder" else 4
