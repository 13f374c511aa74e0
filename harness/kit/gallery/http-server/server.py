"""The plainest JSON endpoint on Python's http.server: POST /session. A Content-Length is all that it knows of bodies."""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path != "/session":
            return self.answer(404, {"error": "not_found"})
        try:
            json.loads(body)
        except ValueError:
            return self.answer(400, {"error": "invalid_json"})
        self.answer(200, {"ok": True})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Nothing: standard error is kept as evidence, and what stands there should matter."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
