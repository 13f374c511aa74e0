"""The driver libraries keep the protocol, whatever the program does that uses them: library_test.py PROGRAM...

PROGRAM is one of fixtures/talkative.*."""

import json
import sys
import time
import unittest

import protocol
from client import ANSWER_S, CallError, Client

ARGV = []
LINE_MAX_BYTES = 32 << 20


class Library(unittest.TestCase):
    def setUp(self):
        self.client = Client(ARGV)
        self.addCleanup(self.client.__exit__)

    def error_of(self, method, **params):
        with self.assertRaises(CallError) as caught:
            self.client.call(method, **params)
        return caught.exception

    def assert_still_serves(self):
        self.assertEqual(self.client.call("echo", text="still there"), {"text": "still there"})

    def test_hello_claims_the_methods_that_exist(self):
        hello = self.client.call("hello", protocol=1, tool="assay", version="0")
        self.assertEqual(hello["surfaces"], {"store": ["create", "append"]})
        self.assertEqual(hello["protocol"], 1)

    def test_hello_of_another_version_is_refused(self):
        self.assertEqual(self.error_of("hello", protocol=2, tool="assay", version="9").kind, "refused")

    def test_eight_echoes_overlap(self):
        for delay_ms in (50, 200, 800):  # a busy machine matters less with every longer round
            begun = time.monotonic()
            for call in [self.client.send("echo", {"text": "x", "delay_ms": delay_ms}) for _ in range(8)]:
                self.assertEqual(self.client.wait(call)["result"], {"text": "x"})
            if time.monotonic() - begun < 7 * delay_ms / 1000:
                return
        self.fail("eight echoes took as long as one after the other")

    def test_a_slow_call_holds_up_neither_others_nor_stop(self):
        self.client.send("echo", {"text": "slow", "delay_ms": 600000})
        self.assert_still_serves()
        self.assertEqual(self.client.call("stop"), {})
        self.assertEqual(self.client.process.wait(ANSWER_S), 0)

    def test_the_end_of_input_is_the_end(self):
        self.client.send("echo", {"text": "slow", "delay_ms": 600000})
        self.assertEqual(self.client.end(), 0)

    def test_what_is_printed_goes_to_standard_error(self):
        self.assertEqual(self.client.call("store.start", directory="/tmp"), {})
        self.assertEqual(self.client.call("store.create", unheard_of=1), {"sid": 32 * "0"})
        self.client.end()
        self.assertTrue(self.client.stray.empty())
        for word in (b"printed", b"written"):
            self.assertIn(word, self.client.errors)

    def test_each_error_has_its_kind_and_its_promise(self):
        wanted = {
            "refused": ("refused", True, -32000),
            "failed": ("failed", False, -32000),
            "undone": ("failed", True, -32000),
            "timeout": ("timeout", False, -32000),
            "unsupported": ("unsupported", True, -32601),
            "exception": ("failed", False, -32000),
            "huge": ("failed", False, -32000),
            "no JSON": ("failed", False, -32000),
        }
        for event, answer in wanted.items():
            with self.subTest(event):
                error = self.error_of("store.append", sid="", event=event)
                self.assertEqual((error.kind, error.definite, error.code), answer)
        self.assert_still_serves()

    def test_what_is_not_served_is_unsupported(self):
        for method in ("store.read", "store.constructor", "mcp.connect", "", "__proto__"):
            with self.subTest(method):
                error = self.error_of(method)
                self.assertEqual((error.kind, error.definite, error.code), ("unsupported", True, -32601))

    def test_lines_that_are_no_request_are_refused_and_forgotten(self):
        wanted = {b"{": -32700, b"": -32700, b'"\xff"': -32700, b"[]": -32600, b"5": -32600, b'{"id":1}': -32600}
        for line, code in wanted.items():
            with self.subTest(line):
                self.client.send_line(line)
                answer = self.client.stray.get(timeout=ANSWER_S)
                protocol.validate(answer, "message#parse_error")
                self.assertEqual(answer["error"]["code"], code)
        self.assert_still_serves()

    def test_text_comes_back_as_it_went(self):
        for text in ("\u2028\u2029\x85\x0b\x0c\x1c\r\n\0", "\U0001f600e\u0301", '"\\', ""):
            self.assertEqual(self.client.call("echo", text=text), {"text": text})

    def test_half_a_surrogate_pair_never_reaches_the_wire(self):
        self.client.send_line(b'{"jsonrpc":"2.0","id":77,"method":"echo","params":{"text":"a\\ud800b"}}')
        text = self.client.wait(77)["result"]["text"]
        text.encode()
        self.assertEqual((text[0], text[-1]), ("a", "b"))

    def line_of(self, length):
        request = {"jsonrpc": "2.0", "id": 9, "method": "echo", "params": {"text": "x", "padding": ""}}
        padding = length - len(json.dumps(request))
        request["params"]["padding"] = padding * "p"
        return json.dumps(request).encode()

    def test_a_line_may_have_32_mib(self):
        for length in (LINE_MAX_BYTES - 1, LINE_MAX_BYTES):
            self.client.send_line(self.line_of(length))
            self.assertEqual(self.client.wait(9)["result"], {"text": "x"})

    def test_a_longer_line_ends_the_driver(self):
        try:
            self.client.send_line(self.line_of(LINE_MAX_BYTES + 1))
        except BrokenPipeError:
            pass  # it need not read the rest
        self.assertEqual(self.client.stray.get(timeout=ANSWER_S)["error"]["code"], -32700)
        self.client.process.wait(ANSWER_S)


if __name__ == "__main__":
    ARGV = sys.argv[1:]
    if not ARGV:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1])
