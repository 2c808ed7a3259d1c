"""One call of a receiver over HTTP: bounded in time and in size, no redirect is followed, no address is logged."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from engine.channels import Channel
from engine.errors import HomeError
from engine.push.answer import Answer, NoAnswerError, asked_to_wait

MOST_BYTES: Final = 65_536
"""Of an answer's body; what comes behind is not read."""
LOGGERS: Final = ("httpx2", "httpcore2")


@dataclass(frozen=True)
class Reply:
    """An answer of HTTP: its status, Retry-After, the first bytes of its body, and whether these are all."""

    status: int
    retry_after: str | None
    body: bytes
    whole: bool


def call(channel: Channel, url: str, headers: Mapping[str, str], body: bytes, root: Path) -> Reply:
    """POST a body and read the answer. Raises NoAnswerError, HomeError where ``ca_file`` cannot be used."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)  # below, they write the address, and a token stands in it
    context = trust(channel, root) if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return asyncio.run(_call(channel, url, headers, body, context))


def trust(channel: Channel, root: Path) -> ssl.SSLContext:
    """The certificates that a channel trusts: the system's, or those of ``ca_file``, relative to the home."""
    if channel.ca_file is None:
        return ssl.create_default_context()
    path = root / channel.ca_file
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError:
        raise HomeError(
            f"{path}: holds no certificates that can be read", "Mend ca_file; it is a PEM file."
        ) from None


def answer_of(reply: Reply, now: datetime) -> Answer:
    """What a status means: 2xx is delivered, 410 is never again, everything else is tried again; no redirect."""
    said = f"HTTP {reply.status}"
    if 200 <= reply.status < 300:
        return Answer("delivered", said)
    if reply.status == 410:
        return Answer("refused", f"{said}: the receiver wants no more messages")
    if 300 <= reply.status < 400:
        return Answer("again", f"{said}: a redirect, which is not followed")
    wait = asked_to_wait(reply.retry_after, now) if reply.status in (429, 503) else None
    return Answer("again", said, wait)


def no_trust(wrong: BaseException | None) -> str | None:
    """What is wrong with a certificate, where that is the cause of an error."""
    while wrong is not None:
        if isinstance(wrong, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({wrong.verify_message})"
        if isinstance(wrong, ssl.SSLError):
            return "no encrypted connection could be made"
        wrong = wrong.__cause__ or wrong.__context__
    return None


async def _call(
    channel: Channel, url: str, headers: Mapping[str, str], body: bytes, context: ssl.SSLContext
) -> Reply:
    import httpx2

    timeout = httpx2.Timeout(channel.read_seconds, connect=channel.connect_seconds)
    try:
        async with (
            asyncio.timeout(channel.whole_seconds),
            httpx2.AsyncClient(verify=context, timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers={"accept-encoding": "identity", **headers}) as answer,
        ):
            read, whole = b"", True
            async for part in answer.aiter_raw():
                read += part
                if len(read) > MOST_BYTES:
                    read, whole = read[:MOST_BYTES], False
                    break
            return Reply(answer.status_code, answer.headers.get("retry-after"), read, whole)
    except httpx2.ConnectTimeout:
        raise NoAnswerError(f"no connection within {channel.connect_seconds:g} s", silent=True) from None
    except httpx2.TimeoutException:
        raise NoAnswerError(f"no answer within {channel.read_seconds:g} s", silent=True) from None
    except TimeoutError:
        raise NoAnswerError(f"no whole answer within {channel.whole_seconds:g} s", silent=True) from None
    except httpx2.ConnectError as wrong:
        raise NoAnswerError(no_trust(wrong) or "no connection: refused, or no such host", silent=True) from None
    except httpx2.TransportError as wrong:
        raise NoAnswerError(no_trust(wrong) or "the answer was cut, or is none of HTTP") from None
