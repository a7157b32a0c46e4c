"""An S3-compatible server on loopback, in a process of its own, with an empty bucket.

Owns its life and the variables that its clients need. Does not measure.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from s3fs import S3FileSystem

from bench.checkout import CommandError, free_port

BUCKET = "models"
PROGRAM = """
import sys, threading
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(sys.argv[1]), verbose=False)
server.start()
boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}").create_bucket(Bucket=sys.argv[2])
print("ready", flush=True)
threading.Event().wait()
"""


@contextmanager
def served() -> Iterator[str]:
    """Serve; the URL of a store. This process's variables lead AWS clients to the server until the end.

    Raises:
        CommandError: the server did not start.
    """
    port = free_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    S3FileSystem.clear_instance_cache()  # one that this process opened before would still ask another server
    command = [sys.executable, "-c", PROGRAM, str(port), BUCKET]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                if server.stdout is None or server.stdout.readline() != "ready\n":
                    raise CommandError("the S3-compatible server did not start; is moto[s3] installed?")
                yield f"s3://{BUCKET}/store"
            finally:
                server.terminate()
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
