"""no_chunks.py PORT [lenient]: a server that takes JSON, and knows nothing of chunks: it reads as much as Content-Length
says, and what comes behind that as the next request. It answers 400 to an empty body; a lenient one answers 200."""

import http.server
import json
import socketserver
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write a response

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status = 200 if isinstance(json.loads(body or ("{}" if sys.argv[2:] else "")), dict) else 400
        except (ValueError, RecursionError, TypeError):
            status = 400
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def server_bind(self):  # the other one looks for a name of this machine, which may take its time
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, *_):
        pass


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
