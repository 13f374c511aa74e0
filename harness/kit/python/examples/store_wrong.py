"""The same store with one bug, OAS-1: append numbers an event and writes two files without a lock.

With eight clients at once, most events share their number with another. Watch it: assay run --target store_wrong.json
"""

import threading
import time

from store_right import Store, assay_driver, last_line, number, numbered, opened, os, write_event


class WrongStore(Store):
    def start(self, directory, limits=None):
        super().start(directory, limits)
        self.repaired = set()
        self.repairing = threading.Lock()

    def append(self, sid, event=None, event_base64=None):
        members = self.accept(event, event_base64)
        with self.repairing:  # a torn tail is cut off when a process first meets the session, before any of its writes
            if sid not in self.repaired:
                self.resume(sid)
                self.repaired.add(sid)
        with self.folder(sid) as folder:  # the bug: session() would have kept the others out
            with opened(folder, "events.jsonl", os.O_RDONLY) as events:
                line, end = last_line(events)
            seq = (number(line) if end else 0) + 1  # two find the same last event here ...
            write_event(folder, numbered(members, seq, str(round(time.time(), 3))))  # ... and both write here
            return {"seq": seq}


if __name__ == "__main__":
    assay_driver.run("store_wrong.py", "1.0", ["raw_events"], store=WrongStore())
