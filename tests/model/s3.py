"""An S3-compatible server on loopback, for the tests of stores at a URL."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import boto3
from moto.server import ThreadedMotoServer


@dataclass(frozen=True)
class S3:
    """A server and what its clients need in their environment."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the AWS clients; the credentials are the ones that the server takes: any."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }

    def bucket(self) -> str:
        """The URL of a new bucket."""
        name = f"bucket-{uuid.uuid4().hex[:8]}"
        self.client().create_bucket(Bucket=name)
        return f"s3://{name}"

    def client(self) -> boto3.client:
        """A client of another make than the store's."""
        return boto3.client("s3", endpoint_url=self.endpoint, aws_access_key_id="any", aws_secret_access_key="any")


def serve() -> tuple[S3, ThreadedMotoServer]:
    """Start a server on a free port; the caller stops it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return S3(f"http://{host}:{port}"), server
