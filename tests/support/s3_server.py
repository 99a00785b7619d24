"""S3 on this machine: moto's server, found by the variables that every client of S3 reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer


@contextmanager
def s3(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its URL, while it runs; credentials that it takes are set."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        patch.delenv(name, raising=False)
    values = {"ENDPOINT_URL": f"http://{host}:{port}", "ACCESS_KEY_ID": "us", "SECRET_ACCESS_KEY": "secret"}
    for name, value in (values | {"DEFAULT_REGION": "us-east-1", "EC2_METADATA_DISABLED": "true"}).items():
        patch.setenv(f"AWS_{name}", value)
    try:
        yield values["ENDPOINT_URL"]
    finally:
        server.stop()


@contextmanager
def keys_alone(url: str) -> Iterator[None]:
    """Meanwhile the server takes those keys alone that it gave out itself, and it gave out none."""
    requests.post(f"{url}/moto-api/reset-auth", data="0", timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.post(f"{url}/moto-api/reset-auth", data="inf", timeout=10).raise_for_status()


def bucket(name: str) -> None:
    """A new bucket."""
    boto3.client("s3").create_bucket(Bucket=name)


def objects(name: str) -> dict[str, bytes]:
    """What a bucket holds, by key, as Amazon's own client reads it."""
    client = boto3.client("s3")
    listed = client.list_objects_v2(Bucket=name).get("Contents", [])
    return {one["Key"]: client.get_object(Bucket=name, Key=one["Key"])["Body"].read() for one in listed}
