"""A session store on files, and its driver: what right looks like in Python. To judge it:

    assay run --target store_right.json

Three ideas carry it. One lock per session, flock(2) on its directory, covers all of "next number, events, transcript",
and keeps threads and processes apart alike. Nothing about a session is remembered between calls, so nothing is ever
stale. A line counts once its newline is there, so a crash leaves at worst a torn tail, which the next append cuts off.
"""

import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import assay_driver
from assay_driver import BadParameters, Failed, Refused
from event_text import event_type, joined, numbered, split, transcript_line

EVENT_MAX_BYTES = 8 << 20
PAGE_MAX_BYTES = 8 << 20  # of events in one answer
BLOCK_BYTES = 64 << 10
SID = re.compile("[0-9a-f]{32}")


class Store:
    def start(self, directory, limits=None):
        self.root = os.path.join(directory, "sessions")
        self.event_max_bytes = (limits or {}).get("event_bytes", EVENT_MAX_BYTES)
        os.makedirs(self.root, mode=0o700, exist_ok=True)

    def create(self):
        return {"sid": self.make([])}

    def append(self, sid, event=None, event_base64=None):
        members = self.accept(event, event_base64)
        with self.session(sid) as folder:
            seq = repair(folder) + 1
            write_event(folder, numbered(members, seq, str(round(time.time(), 3))))
            return {"seq": seq}

    def read(self, sid, after=0, limit=0):
        if not is_count(after) or not is_count(limit):
            raise BadParameters("after and limit are numbers from 0")
        with self.session(sid) as folder:
            lines = whole_lines(folder)
        events, size = [], 0
        for seq, line in enumerate(lines[after:][: limit or None], after + 1):
            size += len(line)
            if events and size > PAGE_MAX_BYTES:
                break  # the rest is asked for again, with a higher `after`
            if number(line) != seq:
                raise Failed(f"line {seq} of the events is corrupt")
            events.append(line.decode())
        return {"events": events}

    def metadata(self, sid, patch=None):
        with self.session(sid) as folder:
            metadata = json.loads(read_file(folder, "meta.json"))
            if patch is not None:
                if not isinstance(patch, dict):
                    raise BadParameters("patch is an object")
                metadata.update(patch)
                try:
                    text = json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode()
                except ValueError as error:
                    raise Refused(f"this cannot be kept: {error}") from None
                replace_file(folder, "meta.json", text)
            return {"metadata": metadata}

    def delete(self, sid):
        with self.session(sid):
            gone = os.path.join(self.root, f"deleted-{sid}")
            os.rename(os.path.join(self.root, sid), gone)  # at once, for whoever comes now ...
            shutil.rmtree(gone)  # ... and whoever waits for the lock finds nothing behind it

    def fork(self, sid, head=0):
        if not is_count(head):
            raise BadParameters("head is a number from 0")
        with self.session(sid) as folder:
            lines = whole_lines(folder)[: head or None]
        kept = []
        for line in lines:
            members = split(line)
            kind = event_type(members)
            if kind not in ("system.init", "result") and not kind.startswith("session."):
                kept.append(numbered(members, len(kept) + 1, members["ts"]))
        return {"sid": self.make(kept)}

    def resume(self, sid):
        with self.session(sid) as folder:
            return {"next_seq": repair(folder) + 1}

    def accept(self, event, event_base64):
        """The members of an event that came, or Refused."""
        try:
            data = event.encode() if event_base64 is None else base64.b64decode(event_base64, validate=True)
            if len(data) > self.event_max_bytes:
                raise Refused(f"an event has at most {self.event_max_bytes} bytes")
            return split(data)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise Refused(f"not an event: {error}") from None

    def make(self, events):
        """A new session. Until its id is given away nobody comes here, so this needs no lock."""
        sid = secrets.token_hex(16)
        path = os.path.join(self.root, sid)
        os.mkdir(path, 0o700)
        with opened(None, path, os.O_DIRECTORY) as folder:
            replace_file(folder, "meta.json", b"{}")
            replace_file(folder, "transcript.jsonl", b"".join(map(transcript_line, events)))
            replace_file(folder, "events.jsonl", b"".join(map(joined, events)))
        return sid

    @contextlib.contextmanager
    def folder(self, sid):
        """The directory of a session, open. An id is checked before it becomes part of a path."""
        if not isinstance(sid, str) or not SID.fullmatch(sid):
            raise Refused("not the id of a session")
        try:
            folder = os.open(os.path.join(self.root, sid), os.O_DIRECTORY | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            raise Refused("no such session") from None
        try:
            yield folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def session(self, sid):
        """The directory of a session, open and locked."""
        with self.folder(sid) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if not os.listdir(folder):
                raise Refused("the session was deleted")
            yield folder


# ---- files, in a folder that is open ----


@contextlib.contextmanager
def opened(folder, name, flags):
    fd = os.open(name, flags | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data) :]


def read_file(folder, name):
    with opened(folder, name, os.O_RDONLY) as fd, open(fd, "rb", closefd=False) as file:
        return file.read()


def replace_file(folder, name, data):
    """Old content or new, never half of it: rename(2) is one step."""
    with opened(folder, name + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
        write_all(fd, data)
    os.rename(name + ".new", name, src_dir_fd=folder, dst_dir_fd=folder)


def whole_lines(folder):
    return read_file(folder, "events.jsonl").split(b"\n")[:-1]


def last_line(fd):
    """The last whole line of a file and the offset behind it; what follows that is a torn tail."""
    data, start = b"", os.fstat(fd).st_size
    while start > 0 and data.count(b"\n") < 2:
        step = min(start, max(BLOCK_BYTES, len(data)))
        start -= step
        data = os.pread(fd, step, start) + data
    whole = data[: data.rfind(b"\n") + 1]
    return whole[:-1].rpartition(b"\n")[2], start + len(whole)


def repair(folder):
    """Brings both files to the same whole line. Returns the number of the last event."""
    with opened(folder, "events.jsonl", os.O_RDWR) as events:
        line, end = last_line(events)
        if end < os.fstat(events).st_size:
            os.ftruncate(events, end)
        seq = number(line) if end else 0
    with opened(folder, "transcript.jsonl", os.O_RDONLY) as transcript:
        message, end = last_line(transcript)
        torn = end < os.fstat(transcript).st_size
        shown = number(message) if end else 0
    if torn or shown > seq or (seq > shown and transcript_line(split(line))):
        replace_file(folder, "transcript.jsonl", b"".join(transcript_line(split(each)) for each in whole_lines(folder)))
    return seq


def write_event(folder, members):
    """Writes to both files, or to neither."""
    flags = os.O_WRONLY | os.O_APPEND
    with opened(folder, "events.jsonl", flags) as events, opened(folder, "transcript.jsonl", flags) as transcript:
        events_end, transcript_end = os.fstat(events).st_size, os.fstat(transcript).st_size
        try:
            write_all(events, joined(members))
            write_all(transcript, transcript_line(members))
        except OSError as error:
            os.ftruncate(transcript, transcript_end)
            os.ftruncate(events, events_end)  # if this fails too, nobody knows, and the kit will say so
            raise Failed(f"nothing was appended: {error}", definite=True) from None


def number(line):
    """The number on a stored line. A line without one stops the session: a number must not be used twice."""
    try:
        return int(split(line)["seq"])
    except (ValueError, KeyError, RecursionError) as error:
        raise Failed(f"a stored line is corrupt: {error}", definite=True) from None


def is_count(value):
    return type(value) is int and value >= 0


if __name__ == "__main__":
    assay_driver.run("store_right.py", "1.0", ["raw_events"], store=Store())
