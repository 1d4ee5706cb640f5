"""What a store of objects answers, in our words: what is wrong, and what to do about it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from polars.exceptions import ComputeError

from processors.errors import LakeError

AGAIN = "Run the same command again: nothing is lost or doubled"

_ANSWERS = {
    r"<Code>NoSuchBucket<": ("there is no such bucket", "Create it, or correct workspace.lake and AWS_ENDPOINT_URL"),
    r"<Code>(?:InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|TokenRefreshRequired)<"
    r"|status code: 401": (
        "the credentials are refused",
        "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where they are temporary",
    ),
    r"<Code>(?:PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)<"
    r"|status code: 301|bare redirect": (
        "the bucket is in another region",
        "Set AWS_REGION to its region",
    ),
    r"status code: 403|AccessDenied": (
        "access is denied",
        "Allow these credentials s3:ListBucket on it, and s3:GetObject, s3:PutObject and s3:DeleteObject below it",
    ),
    r"/latest/(?:api/token|meta-data)|//169\.254\.|Missing(?:AccessKeyId|SecretAccessKey)": (
        "there are no credentials",
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run on a machine that has a role",
    ),
    r"status code: 501": (
        "the store knows no conditional writes, which keep runs apart",
        "Name a store that does, or a folder",
    ),
    r"error sending request|operation timed out|status code: 5\d\d": (
        "the store does not answer",
        f"See that AWS_ENDPOINT_URL, AWS_REGION and the network are right. {AGAIN}",
    ),
    r"parquet: ": ("a file of it was replaced while it was read, or is damaged", AGAIN),
    r"status code: 404": ("an object of it is not there", f"See that nothing else deletes below it. {AGAIN}"),
}
"""Part of an answer → what is wrong, and the remedy. The first that is found counts."""


@contextlib.contextmanager
def explained(where: object) -> Iterator[None]:
    """Turn what obstore, or Polars, says of a store into a `LakeError` that names `where`.

    Their own words are dropped: they hold the request, and of some answers the key that signed it.
    """
    try:
        from obstore.exceptions import BaseError
    except ImportError:
        remedy = "Run pip install 'recent-activities[s3]'"
        raise LakeError(str(where), "needs the package obstore, which is not installed", remedy) from None
    try:
        yield
    except BaseError as problem:
        raise _explained(where, str(problem)) from None
    except (OSError, ComputeError) as problem:
        if not re.search(r"object-store error|Error performing [A-Z]+ |parquet:", str(problem)):
            raise
        raise _explained(where, str(problem)) from None


def _explained(where: object, answer: str) -> LakeError:
    for part, (what, remedy) in _ANSWERS.items():
        if re.search(part, answer):
            return LakeError(str(where), what, remedy)
    code = re.search(r"<Code>(\w{1,60})</Code>", answer) or re.search(r"status code: (\d{3})", answer)
    said = f" ({code[1]})" if code else ""
    return LakeError(str(where), f"cannot be read or written{said}", AGAIN)
