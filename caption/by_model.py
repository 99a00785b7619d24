"""Captions and categories by a vision-language model: many questions at a time, each answer held against the facts."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from caption.client.asker import Asker, NoAnswer
from caption.client.collecting import CollectingAsker
from caption.client.schema_check import OUTSIDE
from caption.clip import category_row, clip_facts, product_row, stored_file
from caption.pictures.grid import grid
from caption.pictures.parts import Picture
from caption.pictures.show import shown
from caption.pictures.views import ClipViews
from caption.questions.categories import PROMPT as CATEGORY_PROMPT
from caption.questions.categories import WORDINGS, agreed, category_question, read_category
from caption.questions.hints import Hints
from caption.questions.motion import PROMPT as MOTION_PROMPT
from caption.questions.motion import correction, motion_question, read_motion, rewording, still_contradicts
from caption.questions.question import Question, Reply
from caption.words.claims import contradictions
from rigmill.clips.members import GEOMETRY, rgb_template, rgb_video
from rigmill.clips.numbers import ClipGeometry
from rigmill.config.caption import Endpoint, Pictures
from rigmill.config.schema import Profile
from rigmill.facts.facts import MotionFacts
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Refusal, Reject
from rigmill.pipeline.stage import Answer, Job, Work
from rigmill.pipeline.together import Together, answers_as_they_end
from rigmill.storage.files import Store
from rigmill.types import Row


def model_settings(endpoint: Endpoint) -> Row:
    """What decides about an answer: who is asked, and how. Where it is asked, and how fast, does not."""
    return {"model": endpoint.model, "temperature": endpoint.temperature, "extra": dict(endpoint.extra)}


def motion_settings(profile: Profile) -> Row:
    """What decides about a caption."""
    asked = profile.caption
    return {
        **model_settings(asked.endpoint),
        "prompt": MOTION_PROMPT,
        "pictures": asked.pictures.model_dump(mode="json"),
        "background": list(profile.render.background),
    }


def category_settings(profile: Profile) -> Row:
    """What decides about a category."""
    asked, render = profile.caption, profile.render
    return {
        **model_settings(asked.endpoint),
        "prompt": CATEGORY_PROMPT,
        "votes": asked.votes,
        "side_px": asked.pictures.side_px,
        "background": list(render.background),
        "azimuths_deg": list(render.azimuths_deg),
    }


def model_hints(endpoint: Endpoint) -> Row:
    """How a job's questions are put; outside of its key."""
    return {"endpoint": endpoint.model_dump(mode="json")}


@dataclass(slots=True)
class _Used:
    """What one job's questions took."""

    requests: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, reply: Reply) -> None:
        self.requests += reply.num_requests
        self.cached += reply.cached
        if not reply.cached:
            self.input_tokens += reply.usage.input_tokens
            self.output_tokens += reply.usage.output_tokens

    def extra(self) -> dict[str, float]:
        return {
            "requests": self.requests,
            "cached": self.cached,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }


class _ByModel(Together):
    """One batch of jobs that ask the endpoint of their hints."""

    lets_others_end: ClassVar[bool] = True  # what is under way is paid for

    def __init__(self, endpoint: Endpoint, store: Store, output: Path, *, asker: Asker | None = None) -> None:
        """Without an `asker` it connects to the endpoint."""
        self._endpoint, self._store, self._output, self._asker = endpoint, store, output, asker
        self._stack = AsyncExitStack()
        # Pictures of a clip are a megabyte, and cutting them takes a core: not of all jobs at once.
        self._room = asyncio.Semaphore(self._endpoint.concurrency)

    async def open(self) -> None:
        if self._asker is None:
            self._asker = await self._stack.enter_async_context(Asker.opened(self._endpoint, output=self._output))

    async def close(self) -> None:
        await self._stack.aclose()

    async def answer(self, job: Job) -> Answer:
        used = _Used()
        async with self._room:
            started = time.monotonic()
            try:
                outcome: Outcome = Kept([await self.row(job, used)])
            except Refusal as refusal:
                outcome = refusal.to_rejected()
            except NoAnswer as error:
                outcome = Failed(FailKind.NETWORK, "NoAnswer", str(error))
        return Answer(job.key, outcome, Cost(wall_s=time.monotonic() - started, extra=used.extra()))

    @abstractmethod
    async def row(self, job: Job, used: _Used) -> Row:
        """The job's product row; a Refusal where no answer can be one."""

    async def ask(self, question: Question, used: _Used) -> Reply:
        assert self._asker is not None
        reply = await self._asker.ask(question)
        used.add(reply)
        return reply


class _Captions(_ByModel):
    async def row(self, job: Job, used: _Used) -> Row:
        """The first answer or the second: of a sentence that is no caption, or that the joints deny, it is told why."""
        facts, question = await asyncio.to_thread(_motion_question, job, self._store, Hints.of(job.payload))
        reply = await self.ask(question, used)
        try:
            answer = read_motion(reply.value)
            problems = contradictions(answer.sentence, facts)
            again = correction(question, reply.text, problems) if problems else None
        except Refusal as refusal:
            again = rewording(question, reply.text, refusal.message)
        if again is not None:
            reply = await self.ask(again, used)
            answer = read_motion(reply.value)
            if problems := contradictions(answer.sentence, facts):
                raise still_contradicts(answer, problems)
        said = {"subject": answer.subject, "verb": answer.verb, "confidence": answer.confidence, "model": reply.model}
        return product_row(job.payload, facts, [answer.sentence], "model", **said)


def _motion_question(job: Job, store: Store, hints: Hints) -> tuple[MotionFacts, Question]:
    """What the joints do, and the question with the clip's pictures."""
    payload, settings = job.payload, job.settings
    geometry = ClipGeometry.from_bytes(store.read(stored_file(payload, GEOMETRY)))
    videos = [store.read(stored_file(payload, rgb_video(view))) for view in range(len(geometry.cameras))]
    clip = ClipViews.of(geometry, videos, tuple(settings["background"]))
    parts = shown(clip, Pictures.model_validate(settings["pictures"]))
    return clip_facts(payload, geometry), motion_question(parts, hints)


class _Categories(_ByModel):
    async def row(self, job: Job, used: _Used) -> Row:
        payload, wordings = job.payload, WORDINGS[: job.settings["votes"]]
        picture = await asyncio.to_thread(_rest_grid, job, self._store)
        hints, votes, model = Hints.of(payload), [], ""
        for wording in wordings:
            try:
                reply = await self.ask(category_question(picture, hints, wording), used)
            except Refusal as refusal:
                if OUTSIDE in refusal.message:  # the model was told, and stayed with it
                    raise Refusal(Reject.UNKNOWN_CATEGORY, refusal.message) from None
                raise
            votes.append(read_category(reply.value))
            model = reply.model
        said = votes[0] if len(votes) == 1 else agreed(*votes)
        return category_row(
            payload["asset_id"],
            "model",
            category=said.primary,
            secondary=list(said.secondary),
            confidence=said.confidence,
            evidence=said.evidence,
            model=model,
        )


def _rest_grid(job: Job, store: Store) -> Picture:
    """The four rest views of the asset's first clip as one picture."""
    payload, settings = job.payload, job.settings
    azimuths = settings["azimuths_deg"]
    templates = [store.read(stored_file(payload, rgb_template(view))) for view in range(len(azimuths))]
    return grid(templates, azimuths, tuple(settings["background"]), settings["side_px"])


def captions_by_model(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """One answer per job of the caption stage."""
    together = _Captions(endpoint_of(jobs), work.store, work.output)
    return answers_as_they_end(together, jobs, partial(work.report, "captions", total=len(jobs)))


def categories_by_model(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """One answer per job of the category stage."""
    together = _Categories(endpoint_of(jobs), work.store, work.output)
    return answers_as_they_end(together, jobs, partial(work.report, "categories", total=len(jobs)))


def endpoint_of(jobs: Sequence[Job]) -> Endpoint:
    """The endpoint that all jobs of a stage have in their hints."""
    return Endpoint.model_validate(jobs[0].hints["endpoint"])


def open_questions(stage: str, jobs: Sequence[Job], store: Store, output: Path) -> list[Question]:
    """What would be asked for these jobs now: nothing that is in the cache, and corrections of what is."""
    found: list[Question] = []
    endpoint = endpoint_of(jobs)
    asker = CollectingAsker(endpoint, output=output, collect=found.append)
    together = {"caption": _Captions, "category": _Categories}[stage](endpoint, store, output, asker=asker)
    for _ in answers_as_they_end(together, jobs, lambda _: None):
        pass
    return found
