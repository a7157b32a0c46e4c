"""Fetches a public file once and keeps it in the user's cache folder; it knows no particular file."""

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from model.errors import ModelError

CACHE_NAME = "mymodel-serving"
TIMEOUT_SECONDS = (5, 30)  # to connect, and between two pieces of the answer
CHUNK_BYTES = 1 << 16
PROGRESS_SECONDS = 2
OTHERWISE = "use another dataset: pulumi config set dataset digits (or the path of an .npz), or --dataset digits"


def cache_folder() -> Path:
    """This project's folder below the user's cache folder: XDG_CACHE_HOME or ~/.cache, on macOS ~/Library/Caches."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / CACHE_NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / CACHE_NAME


def fetch(url: str, sha256: str, cache: Path, progress: Callable[[str], None]) -> Path:
    """The file at `url` in the folder `cache`, downloaded if it is not there or not intact.

    Raises:
        ModelError: out of reach, other bytes than `sha256` says, or the cache cannot be written; nothing is kept.
    """
    path = cache / url.rpartition("/")[2]
    try:
        if path.exists() and _sha256(path) == sha256:
            return path
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(cache, error) from error
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _download(url, aside, progress)
        if (found := _sha256(aside)) != sha256:
            raise ModelError(f"{url} has sha256 {found[:12]}..., expected {sha256[:12]}...; not used; {OTHERWISE}")
        return aside.replace(path)
    except requests.RequestException as error:
        raise ModelError(f"{url} is out of reach ({_reason(error)}); {OTHERWISE}") from error
    except OSError as error:
        raise _unwritable(cache, error) from error
    finally:
        aside.unlink(missing_ok=True)


def _download(url: str, path: Path, progress: Callable[[str], None]) -> None:
    progress(f"downloading {url}")
    with requests.Session() as session:
        retry = Retry(total=2, backoff_factor=0.3, status_forcelist=(429, 500, 502, 503, 504))
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        with session.get(url, stream=True, timeout=TIMEOUT_SECONDS) as answer, path.open("wb") as file:
            answer.raise_for_status()
            total = int(answer.headers.get("Content-Length", 0))
            said = time.monotonic()
            for chunk in answer.iter_content(CHUNK_BYTES):
                file.write(chunk)
                if time.monotonic() - said > PROGRESS_SECONDS:
                    said = time.monotonic()
                    progress(f"  {file.tell() / 1e6:.1f} of {total / 1e6:.1f} MB")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _unwritable(cache: Path, error: OSError) -> ModelError:
    return ModelError(f"cache folder {cache} cannot be used: {error.strerror}; set XDG_CACHE_HOME to another folder")
