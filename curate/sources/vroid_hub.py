"""Models of the user's own VRoid Hub account, by the service's API and with the user's own token.

The service's guidelines forbid programs that gather works. So nothing is searched or listed here: the profile names
models one by one, and each has to be the account's own, or hearted by it and offered for download by its author. Off
by default: no shipped profile has such a source.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from curate.download.limits import DownloadFailed
from curate.licences.rights_of import decide
from curate.sources import vroid_hub_api
from curate.sources.asset_row import CollectedAsset
from curate.sources.vrm import terms_of
from curate.sources.vroid_hub_api import Hub
from curate.vrm.licence import hub_rights, strictest
from rigmill.kinds import SeenIn
from rigmill.outcomes import Cost, Failed, FailKind, Kept, Outcome, Refusal, Reject
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row

TOKEN = "VROID_HUB_TOKEN"  # noqa: S105 - the variable's name


def candidates(settings: Row) -> Iterator[Input]:
    """One input per named model. Needs no network: planning never asks the service."""
    for model_id in sorted(set(settings["models"])):
        payload = {"kind": "vroid_hub", "source": settings["name"], "uid": model_id, "decided": settings["decided"]}
        yield Input(f"{settings['name']}-{model_id}", payload)


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each model's file in the store and its row, or why it cannot be had."""
    token = os.environ.get(TOKEN, "").strip()
    for job in jobs:
        outcome: Outcome
        try:
            if not token:
                raise DownloadFailed(
                    f"no token: put the OAuth access token of your account into {TOKEN} on every machine"
                )
            with Hub(token, address=vroid_hub_api.ADDRESS) as hub:
                outcome = Kept([_take(job.payload, hub, job.settings["max_file_bytes"], work)])
        except Refusal as refusal:
            outcome = refusal.to_rejected()
        except DownloadFailed as failed:
            outcome = Failed(FailKind.NETWORK, "VRoidHub", str(failed))
        yield Answer(job.key, outcome, Cost())


def _take(payload: Row, hub: Hub, max_file_bytes: int, work: Work) -> Row:
    model = hub.model(payload["uid"])
    if not hub.owns(payload["uid"]):
        if model.get("is_hearted") is not True:
            raise Refusal(Reject.LICENCE, "neither the account's own model nor one that it hearted")
        if model.get("is_downloadable") is not True or model.get("is_other_users_available") is not True:
            raise Refusal(Reject.LICENCE, "its author does not offer the model for download and use by others")
    data = hub.download(payload["uid"], max_bytes=max_file_bytes)
    stored = work.store.put_bytes("asset.glb", data)
    said = terms_of(data, stored, work)
    character, conditions = _object(model, "character"), _object(model, "license")
    # The page's conditions and the file's block are both the author's; the stricter of the two counts.
    rights = decide(strictest(said.rights, hub_rights(conditions)), payload["decided"])
    page = f"https://hub.vroid.com/characters/{_digits(character.get('id'))}/models/{payload['uid']}"
    return CollectedAsset(
        file=stored,
        source=payload["source"],
        source_uid=payload["uid"],
        origin=page,
        title=said.title or f"VRoid Hub model {payload['uid']}",
        author=said.author,
        licence=said.licence,
        licence_raw=said.licence_raw,
        licence_url=said.licence_url or page,
        licence_seen_in=SeenIn.FILE,
        rights=rights,
        attribution=said.attribution,
        format="glb",
    ).to_row()


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _digits(value: Any) -> str:
    return value if isinstance(value, str) and value.isascii() and value.isdigit() else "-"
