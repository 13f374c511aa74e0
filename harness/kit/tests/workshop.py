"""What the tests of the stores share: a directory, processes of the driver on it, and the files they leave."""

import json
import pathlib
import tempfile
import threading
import unittest

from client import CallError, Client

ARGV = []  # of the driver, set by the test's main program


class Workshop(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.client = self.open()

    def open(self, **start):
        """One more process on the directory."""
        client = Client(ARGV)
        self.addCleanup(client.__exit__)
        client.call("store.start", directory=self.directory, **start)
        return client

    def reopen(self, **start):
        self.client.end()
        self.client = self.open(**start)

    def create(self):
        return self.client.call("store.create")["sid"]

    def append(self, sid, **members):
        return self.client.call("store.append", sid=sid, event=json.dumps({"type": "user.message", **members}))["seq"]

    def read(self, sid, client=None):
        """All events, parsed."""
        events = []
        while page := (client or self.client).call("store.read", sid=sid, after=len(events), limit=1000)["events"]:
            events += [json.loads(text) for text in page]
        return events

    def refusal(self, method, **params):
        with self.assertRaises(CallError, msg=params) as caught:
            self.client.call(method, **params)
        return caught.exception

    def path(self, sid, name="events.jsonl"):
        return pathlib.Path(self.directory, "sessions", sid, name)

    def lines(self, sid, name="events.jsonl"):
        """A file's lines, parsed. Each must end with its newline."""
        data = self.path(sid, name).read_bytes()
        self.assertTrue(data == b"" or data.endswith(b"\n"), data[-80:])
        return [json.loads(line) for line in data.split(b"\n")[:-1]]

    def assert_sound(self, sid, count):
        """Events 1..count in the file and through read, and a transcript of all of them."""
        numbers = list(range(1, count + 1))
        self.assertEqual([event["seq"] for event in self.lines(sid)], numbers)
        self.assertEqual([event["seq"] for event in self.read(sid)], numbers)
        self.assertEqual([line["seq"] for line in self.lines(sid, "transcript.jsonl")], numbers)


def at_once(jobs):
    """Runs each function in a thread of its own, all released together; returns what they returned."""
    results, barrier = [None] * len(jobs), threading.Barrier(len(jobs))

    def run(index):
        barrier.wait()
        try:
            results[index] = jobs[index]()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def race(clients, sid, each=50, size=0):
    """Eight clients append `each` events, spread over the processes. The acknowledged (seq, op), and the errors."""

    def job(worker):
        acknowledged = []
        for index in range(each):
            op = f"{worker}-{index}"
            event = json.dumps({"type": "user.message", "op": op, "text": size * "x"})
            client = clients[worker % len(clients)]
            acknowledged.append((client.call("store.append", sid=sid, event=event)["seq"], op))
        return acknowledged

    results = at_once([lambda worker=worker: job(worker) for worker in range(8)])
    errors = [result for result in results if isinstance(result, Exception)]
    return sorted(pair for result in results if result not in errors for pair in result), errors


def written(directory, sid):
    """(seq, op) of each line of the events, in the order of the file."""
    data = pathlib.Path(directory, "sessions", sid, "events.jsonl").read_bytes()
    events = [json.loads(line) for line in data.split(b"\n")[:-1]]
    return [(event["seq"], event["op"]) for event in events]
