"""The stores of the examples are right, one operation at a time: store_test.py PROGRAM [ARGUMENT...]"""

import base64
import json
import os
import signal
import stat
import sys
import unittest

import workshop
from client import CallError
from workshop import at_once


class Events(workshop.Workshop):
    def test_values_stay_what_they_are(self):
        values = [
            '"line\\nfeed\\r\\t\\u0000\\u001f\\"\\\\\\/"',
            '"\u2028\u2029\x85\x7f\U0001f600e\u0301\u00e9"',
            '"\\ud83d\\ude00"',
            "9007199254740993",
            "-0",
            "0.30000000000000004",
            "1e400",
            "1" + 4000 * "0",
            '[[],{},[{"a":[true,false,null]}]]',
            '{"seq":7,"ts":8,"type":9}',
            10 * "[" + 10 * "]",
        ]
        sid = self.create()
        for seq, value in enumerate(values, 1):
            event = '{"type":"tool.use","value":%s}' % value
            self.assertEqual(self.client.call("store.append", sid=sid, event=event), {"seq": seq})
        self.reopen()
        for value, text in zip(values, self.client.call("store.read", sid=sid)["events"]):
            self.assertIn(f'"value":{value}', text)
        self.assertEqual(len(self.lines(sid)), len(values))

    def test_white_space_goes_and_only_there(self):
        sid = self.create()
        event = ' {\r\n"type" : "user.message",\t"text": "a b\\n c" , "list":[1 , 2,\n { } ] }\n'
        self.client.call("store.append", sid=sid, event=event)
        (text,) = self.client.call("store.read", sid=sid)["events"]
        self.assertIn('"text":"a b\\n c","list":[1,2,{}]}', text)

    def test_seq_and_ts_are_the_stores_own(self):
        sid = self.create()
        event = '{"seq":999,"type":"user.message","ts":"never","SEQ":5,"\\u0073\\u0065q2":6}'
        self.client.call("store.append", sid=sid, event=event)
        (text,) = self.client.call("store.read", sid=sid)["events"]
        (stored,) = [json.loads(text)]
        self.assertEqual((stored["seq"], stored["SEQ"], stored["seq2"]), (1, 5, 6))
        self.assertNotEqual(stored["ts"], "never")
        self.assertEqual(text.count('"seq"'), 1)
        self.assertEqual(self.client.call("store.append", sid=sid, event='{"type":"a","\\u0073eq":9}'), {"seq": 2})
        self.assertEqual(self.lines(sid)[1]["seq"], 2)

    def test_what_is_no_event_is_refused_and_uses_no_number(self):
        sid = self.create()
        bad = ["", "null", "[]", "5", '"x"', "{", '{"a":1}{', '{"a":1,}', '{"a":01}', '{"a":NaN}', "{'a':1}"]
        bad += ['{"a":"\n"}', "\ufeff{}", "{}\0"]
        bad += ['{"a":"\\ud800"}', '{"\\udc00":1}', '{"a":1,"a":2}', '{"b":{"a":1,"\\u0061":2}}']
        for event in bad:
            error = self.refusal("store.append", sid=sid, event=event)
            self.assertEqual((error.kind, error.definite), ("refused", True), event)
        for data in (b'{"type":"\xff\xfe"}', b'{"type":"\xed\xa0\x80"}', b'{"type":"\xc0\x80"}', b"\xff\xfe{\0}\0"):
            error = self.refusal("store.append", sid=sid, event_base64=base64.b64encode(data).decode())
            self.assertEqual((error.kind, error.definite), ("refused", True), data)
        self.assertEqual(self.append(sid, text="good"), 1)
        data = base64.b64encode('{"type":"user.message","text":"\u00e9"}'.encode()).decode()
        self.assertEqual(self.client.call("store.append", sid=sid, event_base64=data), {"seq": 2})
        self.assert_sound(sid, 2)

    def test_depth_is_stored_or_refused(self):
        sid, stored = self.create(), 0
        for depth in (100, 255, 256, 257, 900, 990, 1000, 100000):
            for opening, closing in ("[", "]"), ('{"a":', "}"):
                event = '{"type":"tool.use","deep":' + (depth - 1) * opening + "1" + (depth - 1) * closing + "}"
                try:
                    self.client.call("store.append", sid=sid, event=event)
                    stored += 1
                except CallError as error:
                    self.assertEqual((error.kind, error.definite), ("refused", True))
                    self.assertGreater(depth, 256)
        self.assertEqual(stored, 6)
        self.assertEqual(self.append(sid), stored + 1)
        self.assertEqual(len(self.client.call("store.read", sid=sid)["events"]), stored + 1)

    def test_size_is_limited(self):
        self.reopen(limits={"event_bytes": 100})
        sid = self.create()
        for length in (99, 100):
            event = '{"type":"%s"}' % ((length - 11) * "x")
            self.assertEqual(len(event), length)
            self.client.call("store.append", sid=sid, event=event)
        error = self.refusal("store.append", sid=sid, event='{"type":"%s"}' % (90 * "x"))
        self.assertEqual((error.kind, error.definite), ("refused", True))
        self.assertEqual(len(self.lines(sid)), 2)

    def test_the_biggest_event_fits_an_answer(self):
        sid = self.create()
        half = ((8 << 20) - 40) // 2
        for text in (half * '\\"', *[2 * half * "x"] * 4):  # five of them do not
            self.client.call("store.append", sid=sid, event='{"type":"user.message","text":"%s"}' % text)
        self.assertEqual([len(event["text"]) for event in self.read(sid)], [half, *[2 * half] * 4])

    def test_pages(self):
        sid = self.create()
        for number in range(1, 8):
            self.append(sid, number=number)
        wanted = {(0, 0): range(1, 8), (0, 3): range(1, 4), (3, 3): range(4, 7), (6, 3): [7], (7, 3): []}
        for (after, limit), seqs in wanted.items():
            events = self.client.call("store.read", sid=sid, after=after, limit=limit)["events"]
            self.assertEqual([json.loads(text)["seq"] for text in events], list(seqs))
        self.assertEqual(self.refusal("store.read", sid=sid, after=-1).kind, "refused")


class Damage(workshop.Workshop):
    def three(self):
        sid = self.create()
        for number in range(3):
            self.append(sid, text=f"number {number}")
        self.client.end()
        return sid

    def expect_next(self, sid, seq):
        self.client = self.open()
        self.assertEqual(self.client.call("store.resume", sid=sid), {"next_seq": seq})
        self.assertEqual(self.append(sid, text="new"), seq)
        self.assert_sound(sid, seq)

    def test_a_torn_tail_is_cut_off(self):
        sid = self.three()
        whole = self.path(sid).read_bytes()
        last = len(whole) - whole[:-1].rindex(b"\n") - 1
        for cut in (1, 2, last // 2, last - 1, last):
            with self.subTest(cut=cut):
                self.path(sid).write_bytes(whole[:-cut])
                self.expect_next(sid, 3)
                self.client.end()

    def test_a_tail_of_zeros_is_cut_off(self):
        sid = self.three()
        with self.path(sid).open("ab") as events:
            events.write(bytes(4096))
        self.expect_next(sid, 4)

    def test_the_transcript_follows_the_events(self):
        for cut in (1, 20, None):
            sid = self.three()
            path = self.path(sid, "transcript.jsonl")
            path.write_bytes(path.read_bytes()[: -cut if cut else 0])
            self.expect_next(sid, 4)
            self.client.end()
            self.client = self.open()

    def test_garbage_in_the_middle_is_an_error_and_restarts_nothing(self):
        sid = self.three()
        lines = self.path(sid).read_bytes().split(b"\n")
        lines[1] = b"garbage" + lines[1][7:]
        self.path(sid).write_bytes(b"\n".join(lines))
        self.client = self.open()
        self.assertEqual(self.refusal("store.read", sid=sid).kind, "failed")
        self.assertEqual(self.append(sid), 4)

    def test_garbage_at_the_end_stops_the_session(self):
        for garbage in (b"garbage\n", b"\n", b"{}\n", b'{"seq":"4"}\n', 2000 * b"[" + b"\n"):
            sid = self.three()
            with self.path(sid).open("ab") as events:
                events.write(garbage)
            self.client = self.open()
            error = self.refusal("store.append", sid=sid, event='{"type":"user.message"}')
            self.assertEqual((error.kind, error.definite), ("failed", True), garbage)

    def test_a_long_last_line(self):
        sid = self.create()
        for length in (1, 65536, 200000):
            self.append(sid, text=length * "x")
        self.client.end()
        self.expect_next(sid, 4)

    def test_killed_at_any_moment(self):
        sid, acknowledged = self.create(), 0
        for round_ in range(5):
            events = ['{"type":"user.message","op":"%d.%d"}' % (round_, number) for number in range(20)]
            calls = [self.client.send("store.append", {"sid": sid, "event": event}) for event in events]
            for call in calls[: 3 * round_]:
                self.client.wait(call)
                acknowledged += 1
            self.client.process.send_signal(signal.SIGKILL)
            self.client.process.wait()
            self.client = self.open()
            next_seq = self.client.call("store.resume", sid=sid)["next_seq"]
            self.assertGreater(next_seq, acknowledged)
            acknowledged = next_seq - 1
        ops = [event["op"] for event in self.read(sid)]
        self.assertEqual(len(ops), len(set(ops)))
        self.assertEqual([event["seq"] for event in self.lines(sid)], list(range(1, len(ops) + 1)))

    def test_a_full_disk_undoes_the_event(self):
        limit = 4096
        shell = f"trap '' XFSZ; ulimit -f {limit // 1024}; exec \"$@\""  # a file may have 4 KiB; then EFBIG
        argv, workshop.ARGV = workshop.ARGV, ["bash", "-c", shell, "bash", *workshop.ARGV]
        try:
            self.reopen()
        finally:
            workshop.ARGV = argv
        sid = self.create()
        self.append(sid, text="fits")
        before = self.path(sid).read_bytes()
        error = self.refusal("store.append", sid=sid, event='{"type":"user.message","text":"%s"}' % (5000 * "x"))
        self.assertEqual((error.kind, error.definite), ("failed", True))
        self.assertEqual(self.path(sid).read_bytes(), before)
        self.assertEqual(self.append(sid, text="fits, too"), 2)
        self.assert_sound(sid, 2)


class Sessions(workshop.Workshop):
    def test_ids_are_checked_before_they_are_paths(self):
        sid = self.create()
        ids = ["", ".", "..", "../x", "/etc", "a/b", "%2e%2e", "../sessions/" + sid, "./" + sid, f"deleted-{sid}"]
        ids += [sid + "\n", sid + "\0", sid[:-1], sid + "0", 32 * "A", 32 * "g", 32 * "\uff11", 300 * "a", 5, None]
        before = sorted(os.listdir(self.directory))
        for bad in ids:
            for method in ("append", "read", "metadata", "delete", "fork", "resume"):
                params = {"event": '{"type":"a"}'} if method == "append" else {}
                error = self.refusal("store." + method, sid=bad, **params)
                self.assertEqual((error.kind, error.definite), ("refused", True), (method, bad))
        self.assertEqual(sorted(os.listdir(self.directory)), before)
        self.assertEqual(os.listdir(os.path.join(self.directory, "sessions")), [sid])

    def test_an_unknown_session_is_not_made(self):
        for method, params in (("append", {"event": '{"type":"a"}'}), ("metadata", {"patch": {}}), ("resume", {})):
            self.assertEqual(self.refusal("store." + method, sid=32 * "0", **params).kind, "refused")
        self.assertEqual(os.listdir(os.path.join(self.directory, "sessions")), [])

    def test_symbolic_links_are_not_followed(self):
        sid, outside = self.create(), os.path.join(self.directory, "outside")
        with open(outside, "w"):
            pass  # as a session's own file begins
        for name in ("events.jsonl", "transcript.jsonl"):
            self.path(sid, name).rename(self.path(sid, name + ".kept"))
            self.path(sid, name).symlink_to(outside)
            self.refusal("store.append", sid=sid, event='{"type":"user.message","text":"x"}')
            self.path(sid, name).unlink()
            self.path(sid, name + ".kept").rename(self.path(sid, name))
        link = os.path.join(self.directory, "sessions", 32 * "1")
        os.symlink(self.path(sid).parent, link)
        self.refusal("store.append", sid=32 * "1", event='{"type":"user.message","text":"x"}')
        self.assertEqual(os.path.getsize(outside), 0)
        self.assertEqual(self.append(sid, text="y"), 1)

    def test_nobody_else_may_read(self):
        previous = os.umask(0)
        self.addCleanup(os.umask, previous)
        self.reopen()
        sid = self.create()
        self.append(sid)
        self.client.call("store.metadata", sid=sid, patch={"a": 1})
        self.assertEqual(stat.S_IMODE(self.path(sid).parent.stat().st_mode), 0o700)
        for name in ("events.jsonl", "transcript.jsonl", "meta.json"):
            self.assertEqual(stat.S_IMODE(self.path(sid, name).stat().st_mode), 0o600, name)

    def test_the_transcript_is_what_people_said(self):
        sid = self.create()
        for event in (
            '{"type":"user.message","text":"q\\u0000"}',
            '{"type":"tool.use","text":"secret"}',
            '{"type":"tool.result","text":"secret"}',
            '{"type":"assistant.message","text":"a"}',
            '{"type":["user.message"],"text":"odd"}',
        ):
            self.client.call("store.append", sid=sid, event=event)
        transcript = [(line["seq"], line["role"], line["text"]) for line in self.lines(sid, "transcript.jsonl")]
        self.assertEqual(transcript, [(1, "user", "q\0"), (4, "assistant", "a")])
        times = [self.lines(sid)[index]["ts"] for index in (0, 3)]
        self.assertEqual([line["ts"] for line in self.lines(sid, "transcript.jsonl")], times)

    def test_fork(self):
        sid = self.create()
        left_out = "system.init", "session.note", "result"
        for kind in (left_out[0], "user.message", "tool.use", *left_out[1:], "assistant.message", "user.message"):
            event = json.dumps({"type": kind, "n": 9007199254740993, "text": kind})
            self.client.call("store.append", sid=sid, event=event)
        before = self.path(sid).read_bytes()
        for head, kinds in ((6, ["user.message", "tool.use", "assistant.message"]), (1, []), (2, ["user.message"])):
            child = self.client.call("store.fork", sid=sid, head=head)["sid"]
            self.assertEqual([event["type"] for event in self.read(child)], kinds)
            self.assertEqual([event["seq"] for event in self.lines(child)], list(range(1, len(kinds) + 1)))
            self.assertLessEqual({event["n"] for event in self.read(child)}, {9007199254740993})
            self.assertEqual(self.append(child), len(kinds) + 1)
        self.assertEqual(len(self.read(self.client.call("store.fork", sid=sid)["sid"])), 4)
        self.assertEqual(self.path(sid).read_bytes(), before)

    def test_metadata_loses_no_patch(self):
        sid = self.create()
        self.assertEqual(self.client.call("store.metadata", sid=sid), {"metadata": {}})

        def patch(worker):
            for number in range(10):
                self.client.call("store.metadata", sid=sid, patch={f"{worker}.{number}": number})

        at_once([lambda worker=worker: patch(worker) for worker in range(8)])
        wanted = {f"{worker}.{n}": n for worker in range(8) for n in range(10)}
        self.assertEqual(self.client.call("store.metadata", sid=sid)["metadata"], wanted)
        self.assertEqual(json.loads(self.path(sid, "meta.json").read_bytes()), wanted)
        for line in (b"1e400", b'"\\ud800"', b'[{"\\udc00":1}]'):
            request = b'{"jsonrpc":"2.0","id":%d,"method":"store.metadata","params":{"sid":"%s","patch":{"x":%s}}}'
            self.client.send_line(request % (777, sid.encode(), line))
            self.assertEqual(self.client.wait(777)["error"]["data"], {"kind": "refused", "definite": True})
        self.assertEqual(self.refusal("store.metadata", sid=sid, patch=[1]).kind, "refused")
        self.assertEqual(self.client.call("store.metadata", sid=sid)["metadata"], wanted)

    def test_delete_while_appending(self):
        for _ in range(10):
            sid = self.create()
            appends = [lambda: self.append(sid)] * 4
            results = at_once([*appends, lambda: self.client.call("store.delete", sid=sid), *appends])
            for result in results[:4] + results[5:]:
                self.assertTrue(isinstance(result, int) or result.kind == "refused", result)
            self.assertEqual(results[4], {})
            self.assertEqual(self.refusal("store.read", sid=sid).kind, "refused")
        self.assertEqual(os.listdir(os.path.join(self.directory, "sessions")), [])

    def test_nothing_piles_up(self):
        descriptors = f"/proc/{self.client.process.pid}/fd"
        self.append(self.create())
        before = len(os.listdir(descriptors))
        for _ in range(100):
            self.append(self.create())
        self.assertLess(len(os.listdir(descriptors)), before + 8)


if __name__ == "__main__":
    workshop.ARGV = sys.argv[1:]
    if not workshop.ARGV:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1])
