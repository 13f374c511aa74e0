"""The driver side of assay's protocol, version 1 (PROTOCOL.md). Copy this file; it needs Python 3.9 and nothing else.

    import assay_driver

    class Store:
        def start(self, directory, limits=None): ...
        def create(self):                 return {"sid": ...}
        def append(self, sid, event):     return {"seq": ...}
        def read(self, sid, after=0, limit=0): return {"events": [...]}

    assay_driver.run("acme", "1.2", store=Store())

The methods of the protocol that an object has are the ones that are claimed. Each call runs in a thread of its own and
gets its parameters by name, those that it does not name left out; it returns the result, or None for {}. It raises
one of the four errors below; any other exception counts as Failed, and its traceback goes to standard error.

Standard output belongs to the protocol: from run() on, whatever else prints there, C code and child processes
included, finds itself on standard error.
"""

import inspect
import json
import os
import sys
import threading
import traceback

LINE_MAX_BYTES = 32 << 20  # of a message, without its newline
CALLS_MAX = 256  # that run at the same time; more wait in the pipe
ECHO_DELAY_MAX_MS = 600_000

METHODS = {
    "store": ("create", "append", "read", "metadata", "delete", "fork", "resume"),
    "http": (),
}


class Error(Exception):
    """What a call raises instead of returning a result.

    definite=True promises that the operation did not happen and will not. An append that may have happened is not one
    that did not: leave it False unless you know."""

    kind, code, definite = "failed", -32000, False

    def __init__(self, message, definite=None):
        super().__init__(message)
        if definite is not None:
            self.definite = definite


class Refused(Error):
    """The implementation says no, on purpose: a bad id, no such session, not JSON, too big. Nothing has happened."""

    kind, definite = "refused", True


class Failed(Error):
    """Something went wrong on the way: the disk is full, the connection was lost."""


class TimedOut(Error):
    """The implementation's own time-out has struck."""

    kind = "timeout"


class Unsupported(Error):
    """There is no such thing here."""

    kind, code, definite = "unsupported", -32601, True


class BadParameters(Refused):
    """The parameters are not what the method takes."""

    code = -32602


def run(name, version, features=(), **surfaces):
    """Serves the surfaces, e.g. store=Store(), until `stop` or the end of standard input. Calls that are still running
    then are left behind: what follows run() should be the end of the program."""
    Driver(name, version, features, surfaces).serve()


class Driver:
    def __init__(self, name, version, features, surfaces):
        self.output = os.dup(1)
        self.input = os.fdopen(os.dup(0), "rb")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        self.writing = threading.Lock()
        self.calls = threading.Semaphore(CALLS_MAX)
        self.stopped = threading.Event()
        self.methods = {"hello": self.hello, "echo": self.echo}
        served = {}
        for surface, implementation in surfaces.items():
            served[surface] = [method for method in METHODS[surface] if hasattr(implementation, method)]
            for method in ("start", *served[surface]):
                self.methods[f"{surface}.{method}"] = getattr(implementation, method)
        self.claims = {"protocol": 1, "name": name, "version": version, "surfaces": served, "features": list(features)}

    def serve(self):
        """Reads one request a line, and starts a thread for each."""
        while line := self.input.readline(LINE_MAX_BYTES + 1):
            if not line.endswith(b"\n"):
                return self.refuse_message(-32700, "half a line, or one that is too long")
            try:
                request = json.loads(line)
            except (ValueError, RecursionError):
                self.refuse_message(-32700, "not JSON")
                continue
            if not isinstance(request, dict) or not isinstance(request.get("method"), str) or "id" not in request:
                self.refuse_message(-32600, "not a request")
            elif request["method"] == "stop":
                self.stopped.set()
                return self.send({"id": request["id"], "result": {}})
            else:
                self.calls.acquire()
                threading.Thread(target=self.answer, args=(request,), daemon=True).start()

    def answer(self, request):
        try:
            result = self.call(request["method"], request.get("params", {}))
            self.send({"id": request["id"], "result": {} if result is None else result})
        except Error as error:
            self.send_error(request["id"], error)
        except Exception as error:
            traceback.print_exc()
            self.send_error(request["id"], Failed(f"{type(error).__name__}: {error}"))
        finally:
            self.calls.release()

    def call(self, method, params):
        function = self.methods.get(method)
        if function is None:
            raise Unsupported(f"no method {method}")
        if not isinstance(params, dict):
            raise BadParameters("params must be an object")
        known = inspect.signature(function).parameters
        for parameter in known.values():
            if parameter.default is parameter.empty and parameter.name not in params:
                raise BadParameters(f"{method} needs {parameter.name}")
        return function(**{key: value for key, value in params.items() if key in known})

    def hello(self, protocol):
        if protocol != 1:
            raise BadParameters("this driver speaks protocol 1")
        return self.claims

    def echo(self, text, delay_ms=0):
        if not isinstance(delay_ms, int) or not 0 <= delay_ms <= ECHO_DELAY_MAX_MS:
            raise BadParameters(f"delay_ms is 0 to {ECHO_DELAY_MAX_MS}")
        self.stopped.wait(delay_ms / 1000)
        return {"text": text}

    def refuse_message(self, code, message):
        error = Refused(message)
        error.code = code
        self.send_error(None, error)

    def send_error(self, call_id, error):
        data = {"kind": error.kind, "definite": error.definite}
        self.send({"id": call_id, "error": {"code": error.code, "message": str(error), "data": data}})

    def send(self, message):
        """Writes one line in one go, whichever thread it is for."""
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
        if len(line) > LINE_MAX_BYTES:
            return self.send_error(message["id"], Failed("the answer is longer than a line may be"))
        rest = memoryview(line + b"\n")
        with self.writing:
            while rest:
                rest = rest[os.write(self.output, rest) :]
