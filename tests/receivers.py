"""Receivers of messages on this machine: a real HTTP server that can fail in many ways, and a real mail server."""

import base64
import hashlib
import hmac
import json
import random
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
HOST = "127.0.0.1"
RETRY_AFTER = 120

FAULTS = (
    *("refuse", "timeout_before", "timeout_after", "status_500", "status_429"),
    *("slow", "cut_body", "close", "garbage", "redirect"),
)
"""``refuse`` is done by not listening (``Receiver.open``), the others by the handler."""
WITH_EFFECT = ("timeout_after", "slow", "cut_body", "close", "garbage")
"""Faults behind which the message has had its effect."""

Plan = Callable[[str, int], str]
"""Of a message and how often it has come: the fault, or "" for none."""


class Receiver:
    """What a department's system would be: it checks the signature, knows a message again, and counts effects.

    ``effects`` counts by list, not by key: a list that came under two keys would count twice.
    """

    def __init__(self, plan: Plan = lambda _message, _nth: "", *, certificate: Path | None = None) -> None:
        self.plan = plan
        self.effects: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.bodies: dict[str, set[bytes]] = {}
        self.headers: list[dict[str, str]] = []
        self.forged = self.elsewhere = 0
        self.bytes = bytearray()
        self.answer: tuple[int, dict[str, str], bytes] = (204, {}, b"")
        self.patience = 0.6
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._server = _Server((HOST, 0), _Handler, bind_and_activate=False)
        self._server.receiver = self
        self._server.server_bind()
        self._certificate = certificate
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is called."""
        scheme = "http" if self._certificate is None else "https"
        return f"{scheme}://{HOST}:{self._server.server_address[1]}/hook"

    def open(self) -> None:
        """Begin to listen: until now, whoever calls is refused."""
        self._server.server_activate()
        if self._certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; whoever is being kept waiting is let go."""
        self._stop.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def take(self, message: str, body: bytes) -> None:
        """The effect, once for each key."""
        data = json.loads(body)["data"]
        with self._lock:
            if message not in self._seen:
                self._seen.add(message)
                self.effects[f"{data['business_date']} {data['caseworker']}"] += 1

    def wait(self, seconds: float) -> None:
        """Keep the caller waiting."""
        self._stop.wait(seconds)

    def note(self, message: str, headers: dict[str, str], body: bytes, raw: bytes) -> int:
        """Keep what came; how often this message has come."""
        with self._lock:
            self.calls[message] += 1
            self.bodies.setdefault(message, set()).add(body)
            self.headers.append(headers)
            self.bytes += raw + body
            return self.calls[message]


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Take the call, and fail as planned."""
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        message = headers.get("webhook-id", self.path)
        nth = receiver.note(message, headers, body, f"{self.requestline}\n{self.headers}".encode())
        if self.path == "/elsewhere":
            receiver.elsewhere += 1
        if "webhook-id" not in headers:
            self._say(*receiver.answer)
            return
        if not signed(headers, body, KEY):
            receiver.forged += 1
            self._say(401, {}, b"")
            return
        fault = receiver.plan(message, nth)
        if fault in ("", *WITH_EFFECT):
            receiver.take(message, body)
        getattr(self, f"_{fault}" if fault else "_well")()

    def _well(self) -> None:
        self._say(*self.server.receiver.answer)

    def _timeout_before(self) -> None:
        self.server.receiver.wait(self.server.receiver.patience)
        self.close_connection = True

    _timeout_after = _timeout_before

    def _status_500(self) -> None:
        self._say(500, {}, b"internal error")

    def _status_429(self) -> None:
        self._say(429, {"retry-after": str(RETRY_AFTER)}, b"")

    def _slow(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" * 40:
            self.wfile.write(bytes([byte]))
            self.server.receiver.wait(0.02)
        self.close_connection = True

    def _cut_body(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{")
        self.close_connection = True

    def _close(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _garbage(self) -> None:
        self.wfile.write(random.Random(1).randbytes(300))
        self.close_connection = True

    def _redirect(self) -> None:
        self._say(307, {"location": "/elsewhere"}, b"")

    def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Quiet."""


def signed(headers: dict[str, str], body: bytes, key: bytes) -> bool:
    """Whether a call is signed with the key, as docs/operator.md tells a receiver to check."""
    signed_text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = "v1," + base64.b64encode(hmac.digest(key, signed_text, hashlib.sha256)).decode()
    return any(hmac.compare_digest(mark, each) for each in headers["webhook-signature"].split())


@contextmanager
def receiving(plan: Plan = lambda _message, _nth: "", **options: Any) -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver(plan, **options)
    receiver.open()
    try:
        yield receiver
    finally:
        receiver.close()


class Mailbox:
    """A mail server's handler: keeps every mail; ``codes`` are answered first, one a mail, before any is taken."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.codes: list[str] = []
        self.bytes = bytearray()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail, or refuse it as planned."""
        self.bytes += envelope.content + " ".join([envelope.mail_from, *envelope.rcpt_tos]).encode()
        if self.codes:
            return self.codes.pop(0)
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        return "250 taken"


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    """A real mail server on this machine; gives its port."""
    from aiosmtpd.controller import Controller

    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname=HOST, port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def self_signed(folder: Path, name: str = HOST, *, days: int = 2) -> Path:
    """A certificate that nobody has vouched for, with its key, in one PEM file; valid up to ``days`` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    alternative: x509.GeneralName = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
