"""deflate.py PORT [FAULT]: the Agent Client Protocol over WebSocket with permessage-deflate (RFC 7692), by zlib. It
initializes, makes sessions, and answers everything else by an error. FAULT is what is wrong with it:

  any-offer      agrees to whatever begins with permessage-deflate
  bit-on-ping    passes over RSV1 of a control frame
  bit-on-rest    passes over RSV1 of a continuation
  forgets        decompresses each message with an empty window
  plain-too      puts messages that are not compressed into the window, too
  keeps          agrees to keep no window, and keeps it
  bomb           decompresses all there is before it looks at the limit
  broken         answers what cannot be decompressed as if it were empty
  ping-ends      a Ping within a compressed message ends the message's compression
"""

import base64
import hashlib
import json
import os
import socket
import socketserver
import sys
import uuid
import zlib

FAULT = sys.argv[2] if len(sys.argv) > 2 else ""
LIMIT = int(os.environ.get("LIMIT_BYTES", 8 << 20))
TAIL = b"\0\0\xff\xff"
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Failure(Exception):
    """The connection is to be failed with that code."""


def agree(offers):
    """The answer to an offer that can be taken, or None."""
    for offer in offers.split(","):
        name, *parameters = [part.strip() for part in offer.split(";")]
        if name != "permessage-deflate":
            continue
        if FAULT == "any-offer":
            return name
        taken = [part for part in parameters if part in ("server_no_context_takeover", "client_no_context_takeover")]
        known = taken + [part for part in parameters if part == "client_max_window_bits"]
        if sorted(known) == sorted(parameters) and len(set(known)) == len(known):
            return "; ".join([name] + taken)
    return None


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        try:
            if self.open():
                self.serve()
        except Failure as failure:
            self.write(8, int(failure.args[0]).to_bytes(2, "big"))
            self.linger()
        except OSError:
            pass

    def linger(self):
        self.connection.shutdown(socket.SHUT_WR)
        while self.connection.recv(65536):
            pass

    def take(self, count):
        data = self.rfile.read(count)
        if len(data) < count:
            raise ConnectionError
        return data

    def open(self):
        self.rfile.readline(8192)
        fields = {}
        for line in iter(lambda: self.rfile.readline(8192).strip(), b""):
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.strip().lower()] = value.strip()
        if "sec-websocket-key" not in fields:
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return False
        accept = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + GUID).encode()).digest()).decode()
        self.agreed = agree(fields.get("sec-websocket-extensions", ""))
        keeps = FAULT == "keeps"
        self.forget_sent = bool(self.agreed) and "server_no" in self.agreed and not keeps
        self.forget_heard = FAULT == "forgets" or bool(self.agreed) and "client_no" in self.agreed
        extension = f"Sec-WebSocket-Extensions: {self.agreed}\r\n" if self.agreed else ""
        self.wfile.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\n{extension}\r\n").encode())
        self.squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.expand = zlib.decompressobj(-15)
        return True

    def write(self, opcode, data, rsv1=0):
        size = len(data)
        head = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
        if size > 65535:
            head = b"\x7f" + size.to_bytes(8, "big")
        self.wfile.write(bytes([0x80 | rsv1 | opcode]) + head + data)

    def say(self, message):
        data = json.dumps(message).encode()
        if not self.agreed:
            return self.write(1, data)
        if self.forget_sent:
            self.squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = self.squeeze.compress(data) + self.squeeze.flush(zlib.Z_SYNC_FLUSH)
        return self.write(1, packed[:-4], 0x40)

    def read_frame(self):
        first, second = self.take(2)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
        if not second & 128 or first & 0x30 or size > LIMIT:
            raise Failure(1009 if size > LIMIT else 1002)
        key = self.take(4)
        data = self.take(size)
        mask = int.from_bytes((key * (size // 4 + 1))[:size], "big")
        return first, (int.from_bytes(data, "big") ^ mask).to_bytes(size, "big")

    def decompress(self, data):
        if self.forget_heard:
            self.expand = zlib.decompressobj(-15)
        try:
            if FAULT == "bomb":
                text = self.expand.decompress(data + TAIL)
            else:
                text = self.expand.decompress(data + TAIL, LIMIT + 1)
        except zlib.error:
            if FAULT == "broken":
                return b"{}"
            raise Failure(1007) from None
        if len(text) > LIMIT:
            raise Failure(1009)
        return text

    def serve(self):
        kind, compressed, parts = 0, False, b""
        while True:
            first, data = self.read_frame()
            opcode, bit = first & 15, first & 0x40
            allowed = self.agreed and opcode in (1, 2) or opcode == 0 and FAULT == "bit-on-rest"
            if bit and not allowed and not (opcode >= 8 and FAULT == "bit-on-ping"):
                raise Failure(1002)
            if opcode == 8:
                self.write(8, data)
                return self.linger()
            if opcode == 9:
                self.write(10, data)
                compressed = compressed and FAULT != "ping-ends"
            elif opcode in (0, 1, 2):
                if bool(opcode) == bool(kind):
                    raise Failure(1002)
                if opcode:
                    kind, compressed, parts = opcode, bool(bit), b""
                parts += data
                if len(parts) > LIMIT:
                    raise Failure(1009)
                if first & 128:
                    self.hear(self.decompress(parts) if compressed else self.plain(parts))
                    kind = 0

    def plain(self, data):
        if FAULT == "plain-too":
            stored = b"\0" + len(data).to_bytes(2, "little") + (len(data) ^ 0xFFFF).to_bytes(2, "little") + data
            self.expand.decompress(stored)
        return data

    def hear(self, data):
        try:
            message = json.loads(data)
            method, name = message["method"], message["id"]
        except (ValueError, KeyError, TypeError):
            return self.say({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no request"}})
        results = {"initialize": {"protocolVersion": 1, "agentCapabilities": {}},
                   "session/new": {"sessionId": str(uuid.uuid4())}}
        if method in results:
            return self.say({"jsonrpc": "2.0", "id": name, "result": results[method]})
        return self.say({"jsonrpc": "2.0", "id": name, "error": {"code": -32601, "message": f"no method {method}"}})


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
