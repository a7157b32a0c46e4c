"""Which URLs name an artifact store, and how one is shown to people.

Standard library only: the configuration is checked with it. It opens nothing (model.remote_files does).
"""

import re
from urllib.parse import unquote, urlsplit

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
# What fsspec needs besides, for the schemes that people use; of the versions that fit the pinned fsspec.
PACKAGES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs==2026.9.0"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs==2026.10.1"),
    **dict.fromkeys(("az", "abfs"), "adlfs==2026.8.0"),
}
EXPECTED = "the path of a folder, or a URL without credentials such as s3://bucket/models"


def is_url(location: str) -> bool:
    """Whether a location is meant as a URL; anything else is the path of a folder."""
    return "://" in location


def problem(url: str) -> str:
    """What is wrong with the form of a URL, in words that follow the URL; empty for a proper one.

    What is in a URL goes into Pulumi's state and into messages; so credentials, which some services take in the user
    part or the query, have no place in it: fsspec's packages find them in the environment.
    """
    if not SCHEME.match(url) or re.search(r"[\s\x00-\x1f]", url):
        return "is not the URL of a store"
    if "@" in url or "?" in url or "#" in url:
        return "may hold a credential; leave out everything with @, ? or # and give credentials by the environment"
    if "::" in url:
        return "chains several file systems; name one"
    parts = urlsplit(url)
    if parts.scheme == "file" and (parts.netloc not in ("", "localhost") or not parts.path):
        return "names no folder of this machine: file:///path"
    if parts.scheme != "file" and not (parts.netloc + parts.path).strip("/"):
        return "names no bucket or container"
    return ""


def shown(location: str) -> str:
    """A location as messages may show it: of a URL that could hold a credential only the scheme."""
    return f"{location.partition('://')[0]}://..." if is_url(location) and problem(location) else location


def local_folder(url: str) -> str | None:
    """The folder that a `file://` URL names; None for every other scheme."""
    parts = urlsplit(url)
    return unquote(parts.path) if parts.scheme == "file" else None
