"""The shape of a profile's captions: who writes them, what a model is shown, where and how it is asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from rigmill.config.section import Positive, PositiveFloat, Section


class Pictures(Section):
    """What a model is shown of a clip."""

    form: Literal["frames", "strip", "video"] = Field(
        default="frames",
        description="frames: a picture per view and time, each time step under its seconds; strip: one contact sheet, "
        "a row per view (cheap); video: an mp4 per view, for servers that take videos",
    )
    views: Positive = Field(default=4, description="views shown, spread over those that were drawn")
    times: Positive = Field(
        default=4, description="time steps shown, from the first frame to the last; of frames and strip"
    )
    side_px: Annotated[int, Field(ge=56, le=2048)] = Field(
        default=280,
        description="side of one picture, the square around the subject; in a strip each is half as large. Never "
        "larger than what was rendered",
    )


class Price(Section):
    """What a million tokens cost; a batch as the provider says."""

    input_usd: Annotated[float, Field(ge=0)]
    output_usd: Annotated[float, Field(ge=0)]


class Endpoint(Section):
    """A server that speaks OpenAI's protocol: OpenAI, vLLM, SGLang, others. Its key is in the environment alone."""

    base_url: str = Field(default="http://127.0.0.1:8000/v1", description="the part before /chat/completions")
    model: str = Field(default="Qwen/Qwen2.5-VL-7B-Instruct", description="as the server calls it")
    key_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        default="OPENAI_API_KEY", description="environment variable that holds the key; a server of your own needs none"
    )
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    extra: dict[str, Any] = Field(
        default={}, description="further keys of the request, as {top_k: 1}; null removes one"
    )
    token_rule: Literal["qwen2.5-vl", "qwen3-vl", "openai-tiles", "openai-patches"] = Field(
        default="qwen2.5-vl", description="how the model counts the tokens of a picture, for `plan` and the limits"
    )
    prices: dict[str, Price] = Field(default={}, description="by model; what is not listed is priced as unknown")
    max_usd: PositiveFloat | None = Field(default=None, description="all that the profile's output may ever spend")
    max_tokens: Positive | None = Field(default=None, description="the same in tokens, input and output together")
    concurrency: Positive = Field(default=16, description="requests at a time, per worker")
    requests_per_min: PositiveFloat | None = Field(default=None, description="of all workers together; none: no limit")
    tokens_per_min: PositiveFloat | None = Field(default=None, description="of all workers together; none: no limit")
    request_s: PositiveFloat = Field(default=60, description="longest wait for one answer")
    deadline_s: PositiveFloat = Field(default=300, description="for one question, all tries and pauses together")
    tries: Positive = Field(default=6, description="requests for one question, before the next run tries again")
    bad_answers: Positive = Field(default=2, description="answers of the wrong form before a question is given up")
    breaker: Positive = Field(default=32, description="so many failed requests in a row stop the stage")


class Caption(Section):
    """Where captions and categories come from."""

    provider: Literal["facts", "metadata", "model"] = Field(
        description="facts: sentences from what the joints do; metadata: title and motion name alone; model: a "
        "vision-language model at `endpoint`, its captions held against the facts"
    )
    categories: Literal["metadata", "model"] = Field(
        default="metadata", description="metadata: from tags and title, marked as such; model: seen in the rest pose"
    )
    votes: Literal[1, 2] = Field(
        default=1, description="2: a category is asked for twice, in different words; both must agree"
    )
    phrasings: Positive = Field(default=3, description="sentences per clip, all stored; of provider facts")
    pictures: Pictures = Pictures()
    endpoint: Endpoint = Endpoint()
