"""Replays the conversation of PROTOCOL.md against a driver: conversation_test.py PROGRAM [ARGUMENT...]

What the store invents (session ids, times) is compared by its place, everything else by its value."""

import json
import sys
import tempfile
import unittest

import protocol
from client import ANSWER_S, Client

ARGV = []


def comparable(result):
    """A result without what differs from store to store."""
    if "events" in result:
        events = [json.loads(text) for text in result["events"]]
        return [{name: value for name, value in event.items() if name != "ts"} for event in events]
    return {name: value for name, value in result.items() if name != "sid"}


class Replay(unittest.TestCase):
    def setUp(self):
        self.asked = {}  # id in the text -> method, id in this run
        self.sids = {}  # in the text -> in this run
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def ask(self, client, message):
        params = message["params"]
        if "directory" in params:
            params = {**params, "directory": self.directory}
        if "sid" in params:
            params = {**params, "sid": self.sids.get(params["sid"], params["sid"])}
        self.asked[message["id"]] = message["method"], client.send(message["method"], params)

    def compare(self, client, message):
        method, call = self.asked[message["id"]]
        answer = client.wait(call)
        protocol.validate(answer, "message#answer")
        if "error" in message:
            self.assertEqual(answer.get("error", {}).get("data"), message["error"]["data"], answer)
            return
        self.assertIn("result", answer, answer)
        protocol.validate(answer["result"], method + "#result")
        if "sid" in message["result"]:
            self.sids[message["result"]["sid"]] = answer["result"]["sid"]
        if method != "hello":
            self.assertEqual(comparable(answer["result"]), comparable(message["result"]))

    def test_the_conversation_goes_as_written(self):
        with Client(ARGV) as client:
            for message in protocol.conversation():
                with self.subTest(message):
                    if "method" in message:
                        self.ask(client, message)
                    else:
                        self.compare(client, message)
            self.assertEqual(client.process.wait(ANSWER_S), 0)
            self.assertTrue(client.stray.empty())


if __name__ == "__main__":
    ARGV = sys.argv[1:]
    if not ARGV:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1])
