"""The client: sends test images to a model server's REST predict API and shows what it answers.

Any server that keeps TensorFlow Serving's contract will do; this module knows neither TensorFlow nor a stack.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from model import picture
from model.dataset import CLASSES, Images, Labels
from model.errors import ModelError

TIMEOUT_SECONDS = (3, 30)  # to connect, and to wait for the answer
RETRY = Retry(
    total=4,
    read=False,  # who accepts and then stays silent is given up at once
    backoff_factor=0.2,
    status_forcelist=(503,),
    allowed_methods=None,
    raise_on_status=False,
)


def ask(url: str, images: Images) -> npt.NDArray[np.float64]:
    """The logits [N][10] that the server at `url` predicts for images [N][H][W].

    Refused connections and status 503 are tried again for about three seconds.

    Raises:
        ModelError: no answer, an error status, or an answer that is not ten logits for each image.
    """
    try:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=RETRY))
            answer = session.post(url, json={"instances": images.tolist()}, timeout=TIMEOUT_SECONDS)
    except requests.Timeout as error:
        raise ModelError(f"{url} did not answer within {TIMEOUT_SECONDS[1]} s; is its server healthy?") from error
    except requests.ConnectionError as error:
        raise ModelError(f"{url} cannot be reached; is the stack up? Start it: make up") from error
    except requests.RequestException as error:
        raise ModelError(f"{url} is no usable URL ({error}); see: pulumi stack output predictUrl") from error
    return _logits(url, answer, len(images))


def show(images: Images, labels: Labels, logits: npt.NDArray[Any], characters: str, columns: int) -> str:
    """Pictures of the images with predicted label, probability and true label, and how many are right."""
    shown = [
        [*picture.draw(image, characters), *_caption(int(label), shares)]
        for image, label, shares in zip(images, labels, picture.probabilities(logits), strict=True)
    ]
    right = int((logits.argmax(axis=1) == labels).sum())
    return f"{picture.side_by_side(shown, columns)}\n\n{right} of {len(labels)} right"


def _caption(label: int, shares: npt.NDArray[np.float64]) -> Sequence[str]:
    predicted = int(shares.argmax())
    return [
        f"predicted {predicted} ({shares[predicted]:.1%})",
        f"true {label}" + ("" if predicted == label else "  <- WRONG"),
    ]


def _logits(url: str, answer: requests.Response, count: int) -> npt.NDArray[np.float64]:
    try:
        document = answer.json()
    except requests.JSONDecodeError:
        document = None
    if answer.status_code == requests.codes.not_found:
        raise ModelError(f"{url} has no such model ({_said(document)}); see: pulumi stack output predictUrl")
    if not answer.ok:
        raise ModelError(
            f"{url} refused with status {answer.status_code} ({_said(document)}); "
            "is --dataset the one the model was trained on?",
        )
    try:
        logits = np.array(document["predictions"], dtype=np.float64)
    except (TypeError, KeyError, ValueError) as error:
        raise ModelError(f"{url} answered without usable predictions; is it a model server's predict URL?") from error
    if logits.shape != (count, CLASSES):
        raise ModelError(f"{url} answered predictions of shape {logits.shape}, expected {(count, CLASSES)}")
    return logits


def _said(document: Any) -> str:
    """What the server said, on one line; it may be any JSON."""
    error = document.get("error") if isinstance(document, dict) else None
    return " ".join(str(error).split())[:200] if error else "no reason given"
