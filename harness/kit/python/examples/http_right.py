"""An HTTP server with one JSON endpoint, on Python's http.server, done right.

    python3 http_right.py PORT

http.server gives the listener, a thread for each connection, and the writing of responses. What it reads leniently
(bare line feeds, folded lines, any Content-Length that int() takes, no chunks at all) is read here instead, strictly
and with limits: RFC 9112, section by section. POST /echo {"text": ...} answers {"text": ...}.

The limits come from the environment, so that a check may set them low: see http_right.json.
"""
import json
import os
import re
import select
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def limit(name, default):
    return int(os.environ.get(name, default))


BODY_BYTES = limit("ECHO_BODY_BYTES", 2_000_000)
HEADER_S = limit("ECHO_HEADER_MS", 10_000) / 1000
BODY_S = limit("ECHO_BODY_MS", 30_000) / 1000
IDLE_S = limit("ECHO_IDLE_MS", 60_000) / 1000
WRITE_S = limit("ECHO_WRITE_MS", 30_000) / 1000
LINGER_S = 2
LINE_BYTES = 8192
FIELDS_BYTES = 32768
FIELDS = 100
EXTENSIONS_BYTES = 4096
EMPTY_LINES = 4

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x22\x24-\x7e]+) HTTP/([0-9])\.([0-9])")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[ \t\x21-\x7e\x80-\xff]*"
                   rb"[\x21-\x7e\x80-\xff])?)?)[ \t]*")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})((?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?)")
HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[-0-9A-Za-z._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?")


class Refused(Exception):
    """The request is answered with this status, and the connection ends: who knows where the next one begins?"""

    def __init__(self, status, error="bad_request"):
        super().__init__(error)
        self.status = status
        self.error = error


class Gone(Exception):
    """The client has left, or was silent for too long between two requests."""


class Reader:
    """Bytes of a connection, each read with a deadline for the whole of what it belongs to."""

    def __init__(self, connection):
        self.connection = connection
        self.bytes = bytearray()
        self.deadline = 0

    def fill(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.connection.settimeout(left)
        more = self.connection.recv(65536)
        if not more:
            raise Gone
        self.bytes += more

    def take(self, count):
        taken = bytes(self.bytes[:count])
        del self.bytes[:count]
        return taken

    def exactly(self, count):
        while len(self.bytes) < count:
            self.fill()
        return self.take(count)

    def line(self, max_bytes, status):
        """A line without its CRLF, which alone ends it. A longer one is refused with that status."""
        while (end := self.bytes.find(b"\n")) < 0 and len(self.bytes) <= max_bytes:
            self.fill()
        if end < 0 or end > max_bytes:
            raise Refused(status, "line_too_long")
        line = self.take(end + 1)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Refused(400)
        return line[:-2]


def read_json(body):
    """The body as a JSON object. ValueError is what both decoding and parsing raise; nesting raises RecursionError."""

    def no_constant(name):
        raise ValueError(name)  # NaN and Infinity, which Python would take

    try:
        value = json.loads(body.decode("utf-8"), parse_constant=no_constant)
    except (ValueError, RecursionError):
        return 400, {"error": "invalid_json"}
    return echo(value)


def echo(value):
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return 400, {"error": "invalid_request"}
    return 200, {"text": value["text"]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    judge = staticmethod(read_json)

    def setup(self):
        super().setup()
        self.command = self.request_version = ""  # known once a request line is
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.connection)

    def handle(self):
        self.close_connection = False
        try:
            while not self.close_connection:
                self.serve_one()
            self.linger()
        except (Gone, OSError):
            pass

    def serve_one(self):
        self.wait_for_request()
        try:
            self.read_head()
            body = self.read_body()
            self.respond(*self.route(body))
        except Refused as refused:
            self.close_connection = True
            self.respond(refused.status, {"error": refused.error})
        except TimeoutError:
            self.close_connection = True
            self.respond(408, {"error": "request_timeout"})

    def wait_for_request(self):
        """Skips empty lines before a request (RFC 9112 2.2), a few of them."""
        self.reader.deadline = time.monotonic() + IDLE_S
        try:
            if not self.reader.bytes:
                self.reader.fill()
        except TimeoutError:
            raise Gone from None

    # --- the head: RFC 9112, sections 3 and 5 ---

    def read_head(self):
        reader = self.reader
        reader.deadline = time.monotonic() + HEADER_S
        line = reader.line(LINE_BYTES, 414)
        for _ in range(EMPTY_LINES):
            if line:
                break
            line = reader.line(LINE_BYTES, 414)
        parts = REQUEST_LINE.fullmatch(line)
        if not parts:
            raise Refused(400)
        if parts[3] != b"1":
            raise Refused(505)
        self.command = parts[1].decode()
        self.minor = int(parts[4])
        self.request_version = "HTTP/1.1" if self.minor else "HTTP/1.0"
        self.read_fields()
        self.read_target(parts[2].decode())

    def read_fields(self):
        self.fields = []
        left = FIELDS_BYTES
        while line := self.reader.line(left, 431):
            left -= len(line)
            field = FIELD.fullmatch(line)
            if not field:
                raise Refused(400)
            if len(self.fields) == FIELDS:
                raise Refused(431, "too_many_fields")
            self.fields.append((field[1].lower(), field[2]))
        hosts = self.values(b"host")
        if len(hosts) > 1 or (self.minor and not hosts) or not all(map(HOST.fullmatch, hosts)):
            raise Refused(400)
        options = b",".join(self.values(b"connection")).lower().split(b",")
        self.close_connection = not self.minor or b"close" in [option.strip() for option in options]

    def values(self, name):
        return [value for field, value in self.fields if field == name]

    def read_target(self, target):
        if target[:7].lower() == "http://":
            authority, slash, path = target[7:].partition("/")
            if not authority or authority[0] == ":" or not HOST.fullmatch(authority.encode()):
                raise Refused(400)
            target = slash + path
        if not target.startswith("/"):
            raise Refused(400)
        self.path = target.partition("?")[0]

    # --- the body: RFC 9112, sections 6 and 7 ---

    def read_body(self):
        codings, lengths = self.values(b"transfer-encoding"), self.values(b"content-length")
        if codings and (lengths or not self.minor or len(codings) > 1):
            raise Refused(400)
        if codings and codings[0].lower() != b"chunked":
            raise Refused(501, "unknown_transfer_coding")
        if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]+", length) for length in lengths):
            raise Refused(400)
        length = int(lengths[0][-20:] if len(lengths[0].lstrip(b"0")) <= 20 else b"9" * 20) if lengths else 0
        if length > BODY_BYTES:
            raise Refused(413, "payload_too_large")
        self.answer_expectation(bool(codings) or length > 0)
        self.reader.deadline = time.monotonic() + BODY_S
        return self.read_chunks() if codings else self.reader.exactly(length)

    def answer_expectation(self, has_body):
        for expectation in self.values(b"expect") if self.minor else []:
            if expectation.lower() != b"100-continue":
                raise Refused(417, "expectation_failed")
            if has_body and not self.reader.bytes:
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def read_chunks(self):
        body, extensions = bytearray(), 0
        while True:
            size = CHUNK_SIZE.fullmatch(self.reader.line(LINE_BYTES, 400))
            if not size:
                raise Refused(400)
            extensions += len(size[2])
            count = int(size[1], 16)
            if extensions > EXTENSIONS_BYTES:
                raise Refused(400)
            if len(body) + count > BODY_BYTES:
                raise Refused(413, "payload_too_large")
            if count == 0:
                break
            body += self.reader.exactly(count)
            if self.reader.exactly(2) != b"\r\n":
                raise Refused(400)
        left = LINE_BYTES
        while trailer := self.reader.line(left, 431):  # checked for form, then forgotten
            left -= len(trailer)
            if not FIELD.fullmatch(trailer):
                raise Refused(400)
        return bytes(body)

    # --- answers ---

    def route(self, body):
        if self.path != "/echo":
            return 404, {"error": "not_found"}
        if self.command != "POST":
            return 405, {"error": "method_not_allowed"}
        return self.judge(body)

    def respond(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 405:
            self.send_header("Allow", "POST")
        if self.close_connection:
            self.send_header("Connection", "close")
        self._headers_buffer.append(b"\r\n")
        if self.command != "HEAD":
            self._headers_buffer.append(body)
        self.send(b"".join(self._headers_buffer))
        self._headers_buffer = []

    def send(self, data):
        self.connection.settimeout(WRITE_S)
        self.connection.sendall(data)

    def linger(self):
        """Ends the connection in stages (RFC 9112 9.6), so that no reset overtakes the last answer."""
        self.connection.shutdown(socket.SHUT_WR)
        end = time.monotonic() + LINGER_S
        while (left := end - time.monotonic()) > 0 and select.select([self.connection], [], [], left)[0]:
            if not self.connection.recv(65536):
                break

    def log_request(self, *_):
        """Not a line for each request."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128


def main(handler):
    Server(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()


if __name__ == "__main__":
    main(Handler)
