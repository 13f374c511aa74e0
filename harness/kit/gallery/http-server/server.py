"""The HTTP server that comes with Python, and as little around it as anybody would write: POST /session takes JSON."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/session":
            return self.reply(404, b"")
        try:
            json.loads(body)
        except ValueError:
            return self.reply(400, b"bad json")
        self.reply(200, b'{"ok":true}')

    def do_GET(self):
        self.reply(404, b"")

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
