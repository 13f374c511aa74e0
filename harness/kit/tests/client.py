"""The other end of a driver's pipes, for tests: starts a driver, sends requests, waits for their answers."""

import collections
import json
import queue
import subprocess
import threading

ANSWER_S = 300  # longer than any machine is busy: what has not come by then hangs


class CallError(Exception):
    """An error that the driver answered with: code, message, kind, definite."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.kind = error["data"]["kind"]
        self.definite = error["data"]["definite"]


class Client:
    """One process of a driver. Any thread may call. Ends with the `with` block."""

    def __init__(self, argv):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe)
        self.lock = threading.Lock()
        self.last_id = 0
        self.answers = collections.defaultdict(lambda: queue.Queue(1))
        self.stray = queue.Queue()  # lines that answer nothing: id null, or no JSON
        self.errors = b""
        self.readers = [threading.Thread(target=read, daemon=True) for read in (self.read_answers, self.read_errors)]
        for reader in self.readers:
            reader.start()

    def read_answers(self):
        for line in self.process.stdout:
            try:
                answer = json.loads(line)
            except ValueError:
                answer = None
            if isinstance(answer, dict) and answer.get("id") is not None:
                self.answers[answer["id"]].put(answer)
            else:
                self.stray.put(line if answer is None else answer)

    def read_errors(self):
        self.errors = self.process.stderr.read()

    def send_line(self, line):
        with self.lock:
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()

    def send(self, method, params):
        """Returns the id to wait() for."""
        with self.lock:
            self.last_id += 1
            call = self.last_id
            self.answers[call] = queue.Queue(1)  # before the answer can come
        request = {"jsonrpc": "2.0", "id": call, "method": method, "params": params}
        self.send_line(json.dumps(request, ensure_ascii=False).encode())
        return call

    def wait(self, call, timeout_s=ANSWER_S):
        """The whole answer; queue.Empty when none comes."""
        answer = self.answers[call].get(timeout=timeout_s)
        del self.answers[call]
        return answer

    def call(self, method, **params):
        answer = self.wait(self.send(method, params))
        if "error" in answer:
            raise CallError(answer["error"])
        return answer["result"]

    def end(self, timeout_s=ANSWER_S):
        """Closes its input; returns the exit status."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(timeout_s)
        for reader in self.readers:
            reader.join(timeout_s)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass
