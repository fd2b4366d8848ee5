"""An STS that does as a test tells it: answers, refuses, or holds an answer back until the test lets it go.

It checks no signature; the simulator does that. It is written in Python and runs in the test's process, so it answers
only if the code under test lets the interpreter run while it waits.
"""

from __future__ import annotations

import queue
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLESECRET"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJTOKENOFASESSION=="
ISSUED_KEY = "ASIAIOSFODNN7EXAMPLE"
REQUEST_ID = "8c3f2a10-request"
WAIT_SECONDS = 30

CREDENTIALS = """<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>
<SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration></Credentials>
<PackedPolicySize>42</PackedPolicySize></{action}Result>
<ResponseMetadata><RequestId>8c3f2a10</RequestId></ResponseMetadata></{action}Response>"""

REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>8c3f2a10</RequestId></ErrorResponse>"""


class StubSts:
    """A server while it is entered."""

    def __init__(self) -> None:
        self.refusal: tuple[int, str, str] | None = None
        self.lifetime = timedelta(seconds=900)
        self.requests: list[dict[str, str]] = []
        self.calls: list[Call] = []
        self.arrived: queue.Queue[Call] = queue.Queue()
        self.holding = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """A client that goes away in the middle is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> StubSts:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_all_go()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def refuse(self, status: int, code: str, message: str = "User: arn:aws:iam::123456789012:user/b is not") -> None:
        """Answers every call with an error from now on."""
        self.refusal = (status, code, message)

    def hold(self) -> None:
        """Holds every answer back from now on, until the call is let go."""
        self.holding = True

    def let_all_go(self) -> None:
        """Answers what is held back, and holds nothing back any more."""
        self.holding = False
        for call in list(self.calls):
            call.let_go()

    def next_call(self) -> Call:
        """The next call that has arrived."""
        return self.arrived.get(timeout=WAIT_SECONDS)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers one request."""
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        call = Call(fields)
        self.requests.append(fields)
        self.calls.append(call)
        self.arrived.put(call)
        if self.holding:
            call.released.wait(WAIT_SECONDS)
        if self.refusal:
            status, code, message = self.refusal
            text = REFUSAL.format(code=code, message=message)
        else:
            expiration = datetime.now(timezone.utc) + self.lifetime
            status = 200
            text = CREDENTIALS.format(
                action=fields["Action"],
                key=ISSUED_KEY,
                secret=SECRET,
                token=TOKEN,
                expiration=expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
            )
        payload = text.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "text/xml")
        handler.send_header("x-amzn-RequestId", REQUEST_ID)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)


class Call:
    """One call of STS."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        self.released = threading.Event()

    def let_go(self) -> None:
        """Lets it be answered."""
        self.released.set()
