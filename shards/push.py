"""A data set given away: checked, refused where its terms say no, and copied to a hub or to any fsspec file system."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rigmill.errors import UserError
from rigmill.licences.policy import NEVER_GIVEN_AWAY, Policy, clip_refusal
from rigmill.licences.rights import Rights
from rigmill.types import Row
from shards.card import policy_of
from shards.index import CARD, INDEX, SUMS, read_sums
from shards.places import file_system
from shards.verify import verify

HUB = "hf://datasets/"
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_NOT_GIVEN_AWAY = ("mixamo",)  # sources of which nothing is, whatever a row says its licence is
_BUCKETS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")  # protocols without folders, whose first name is a bucket
_CREDENTIALS = "for S3, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
Say = Callable[[str], None]


class NoAccess(Exception):
    """The target asks who we are, and nothing here says it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A whole data set that may be given away, and where it goes."""

    folder: Path
    target: str
    files: tuple[tuple[str, int], ...]  # name and bytes, in the order in which they are copied: the digests last

    @property
    def num_bytes(self) -> int:
        return sum(size for _, size in self.files)


def prepare(folder: Path, target: str) -> Publication:
    """What would be copied. A UserError where the folder is no whole data set, or its terms forbid it."""
    _check_target(target)
    if not (folder / INDEX).is_file():
        raise UserError(
            f"{folder} holds no data set", why=f"there is no {INDEX}", fix="give the folder that has one", code="E540"
        )
    problems = verify(folder)
    if problems:
        raise UserError(
            f"the data set is damaged: {problems[0]}",
            why=f"and {len(problems) - 1} more" if problems[1:] else "",
            fix="{command}",
            code="E541",
            command=("verify", "--repair"),
        )
    _check_terms(folder)
    first = sorted(path.name for path in folder.iterdir() if path.name not in (CARD, SUMS))
    names = [*first, CARD, SUMS]  # a copy without its digests is not finished
    return Publication(folder, target, tuple((name, (folder / name).stat().st_size) for name in names))


def push(publication: Publication, say: Say) -> str:
    """Copy it; where it can be seen. NoAccess where the target knows nobody."""
    to_hub = publication.target.startswith(HUB)
    return _push_to_hub(publication) if to_hub else _push_to_files(publication, say)


def _check_target(target: str) -> None:
    scheme, found, _ = target.partition("://")
    if not found or (scheme == "hf" and not _REPO.fullmatch(target.removeprefix(HUB))):
        raise UserError(
            f"--to {target}: no place for a data set",
            fix=f"for example --to {HUB}USER/NAME, --to s3://BUCKET/FOLDER or --to file:///FOLDER",
            code="E542",
        )


def _check_terms(folder: Path) -> None:
    """The policy that the set was built under, and then every clip by itself: a card can say anything."""
    policy = policy_of((folder / CARD).read_text("utf-8"))
    if policy not in (Policy.PUBLISH, Policy.COMMERCIAL):
        raise UserError(
            f"this data set may not be given away: it was built under the policy '{policy or 'unknown'}'",
            why="nobody checked whether its clips may be given away",
            fix="set licence_policy: publish in the profile, then: {command}",
            code="E543",
            command=("run", "all"),
        )
    columns = ["clip_id", "source", "licence", "rights", "kind"]
    refused = Counter(filter(None, map(_refusal, pq.read_table(folder / INDEX, columns=columns).to_pylist())))
    if refused:
        ((why, num),) = refused.most_common(1)
        raise UserError(
            f"this data set may not be given away: {refused.total()} of its clips are under terms that forbid it",
            why=f"{num} of them: {why}",
            fix="make it without them: licence_policy: publish leaves them out",
            code="E543",
        )


def _refusal(row: Row) -> str | None:
    for name in _NOT_GIVEN_AWAY:
        if name in str(row["source"]).lower():
            return f"they are from {row['source']}, of which nothing may be given away"
    terms = str(row["licence"])
    for name in NEVER_GIVEN_AWAY:
        if name.lower() in terms.lower():
            return f"nothing under {name} may be given away"
    return clip_refusal(Rights.from_row(row["rights"]), Policy.PUBLISH, licence=terms, kind=row["kind"])


def _push_to_hub(publication: Publication) -> str:
    """One commit; what the hub has already by its digest is not sent again, and tars of an older set go."""
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError

    token = get_token()
    if token is None:
        raise NoAccess("no token of the hub here: set HF_TOKEN, or log in with its own 'hf auth login'")
    name, api = publication.target.removeprefix(HUB), HfApi(token=token)
    names = [name for name, _ in publication.files]
    try:
        api.create_repo(name, repo_type="dataset", exist_ok=True)
        api.upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=publication.folder,
            allow_patterns=names,
            delete_patterns=["*.tar"],
            commit_message=f"{sum(name.endswith('.tar') for name in names)} shards",
        )
    except HfHubHTTPError as error:
        refused = error.response is not None and error.response.status_code in (401, 403)
        raise UserError(
            f"the hub did not take {publication.target}",
            why=str(error).strip().splitlines()[0],
            fix=("use a token that may write there, then " if refused else "")
            + "run the same command again: what it has is not sent again",
            code="E545",
        ) from None
    return f"{api.endpoint}/datasets/{name}"


def _push_to_files(publication: Publication, say: Say) -> str:
    """File by file. The digests there say what is whole: they go first, and come last."""
    files, root = file_system(publication.target)
    try:
        if publication.target.partition("://")[0] not in _BUCKETS:
            files.makedirs(root, exist_ok=True)
        there = _remote_sums(files, root)
        if files.exists(f"{root}/{SUMS}"):
            files.rm_file(f"{root}/{SUMS}")
        sums = read_sums((publication.folder / SUMS).read_bytes()) or {}
        for name in sorted(there.keys() - sums.keys()):  # of the older set
            if files.exists(f"{root}/{name}"):
                files.rm_file(f"{root}/{name}")
        for name, size in publication.files:
            path = f"{root}/{name}"
            if there.get(name) == sums.get(name, "") and files.exists(path) and files.info(path)["size"] == size:
                say(f"{name}: is there already")
                continue
            files.put_file(str(publication.folder / name), path)
            files.invalidate_cache()
            if files.info(path)["size"] != size:
                raise UserError(
                    f"{path} has {files.info(path)['size']} bytes there instead of {size}",
                    fix="run the same command again",
                    code="E544",
                )
            say(f"{name}: {size} bytes")
        names = {str(path).rsplit("/", 1)[-1] for path in files.ls(root, detail=False)}
    except Exception as error:
        raise _trouble(error, publication.target) from None
    strangers = sorted(names - {name for name, _ in publication.files})
    if strangers:
        say(f"left alone, for they are not of this data set: {', '.join(strangers[:5])}")
    return publication.target


def _trouble(error: Exception, target: str) -> Exception:
    """What went wrong at the target, for people; the error itself where it is no trouble of a target."""
    again = "then run the same command again"
    if type(error).__name__ == "NoCredentialsError":  # botocore's, which is there only with s3fs
        return NoAccess(f"{error}: {_CREDENTIALS}")
    if isinstance(error, PermissionError):
        return UserError(
            f"{target} may not be written", why=str(error), fix=f"use others: {_CREDENTIALS}; {again}", code="E545"
        )
    if isinstance(error, FileNotFoundError):  # folders are made, buckets are not: a misspelt one would be somebody's
        return UserError(f"there is no {target}", why=str(error), fix=f"make its bucket, {again}", code="E542")
    if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in ("aiohttp", "botocore"):
        return UserError(
            f"copying to {target} broke off",
            why=str(error) or type(error).__name__,
            fix="see that it can be reached, then run the same command again: until then the copy has no digests, and "
            "does not pass for a whole one",
            code="E544",
        )
    return error


def _remote_sums(files: Any, root: str) -> dict[str, str]:
    """The digests of a data set that is there already, by file name; none where there is none."""
    try:
        sums = read_sums(files.cat_file(f"{root}/{SUMS}")) or {}
    except FileNotFoundError:
        return {}
    return {name: sha256 for name, sha256 in sums.items() if "/" not in name}  # strangers may have written it
