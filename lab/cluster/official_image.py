"""The name of the official base image, which cannot be pulled everywhere: there it means the lab's own in the engine.

So a stack's default base image works in the lab as it is. An official image that is there is left alone. The image
itself is lab.cluster.base_image's.
"""

from lab.cluster.commands import run, run_logged
from lab.cluster.places import BASE_IMAGE, Places
from lab.errors import SetupError
from lab.progress import say

OFFICIAL = "tensorflow/serving:2.20.0"  # the project's default base image
PULL_SECONDS = 120


def up(places: Places) -> None:
    """Let the official image's name mean the lab's, unless the official one is there or can be pulled.

    Raises:
        SetupError: the lab's image cannot be had from the registry.
    """
    log = places.logs / "base-image.log"
    if is_official():
        return
    if not _image(BASE_IMAGE):
        run_logged(f"pulling {BASE_IMAGE}", ["docker", "pull", BASE_IMAGE], log, seconds=PULL_SECONDS)
    if not _image(OFFICIAL):
        try:
            run_logged(f"pulling {OFFICIAL}", ["docker", "pull", OFFICIAL], log, seconds=PULL_SECONDS)
        except SetupError:
            say(f"{OFFICIAL} cannot be pulled: in this engine its name means {BASE_IMAGE}, the bundled server")
        else:
            return
    run(["docker", "tag", BASE_IMAGE, OFFICIAL])


def down() -> None:
    """Take the official image's name from the lab's, in an engine that answers."""
    if _image(OFFICIAL) and not is_official():
        run(["docker", "rmi", OFFICIAL])


def is_official() -> bool:
    """Whether the image of that name was pulled from where it is published."""
    if not _image(OFFICIAL):
        return False
    digests = run(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", OFFICIAL])
    return f'"{OFFICIAL.partition(":")[0]}@' in digests


def _image(reference: str) -> str:
    """Id of a local image; empty if there is none."""
    return run(["docker", "image", "ls", "--no-trunc", "--quiet", reference]).strip()
