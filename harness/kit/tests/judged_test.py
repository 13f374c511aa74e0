"""Judges one of the examples: judged_test.py ASSAY MANIFEST DIRECTORY SELECT PASSES [ROOM...]

Of the rooms that SELECT names (several words in one argument), those fail that are named, and no others; and at least
PASSES must pass. What the example does not claim does not apply, and an error is nobody's verdict.
"""
import json
import os
import subprocess
import sys

assay, manifest, directory, select, passes, *expected = sys.argv[1:]
run = subprocess.run([assay, "run", "-q", "--level", "should", "--target", manifest, "--out", directory, *select.split()])
cases = {}  # the verdicts of each room's cases
with open(os.path.join(directory, "run.jsonl"), encoding="utf-8") as stream:
    for line in stream:
        entry = json.loads(line)
        if entry["event"] == "case":
            cases.setdefault(entry["check"], set()).add(entry["verdict"])
failed = {room for room, verdicts in cases.items() if "FAIL" in verdicts}
passed = {room for room, verdicts in cases.items() if "PASS" in verdicts and verdicts <= {"PASS", "NA"}}
unsound = {room for room, verdicts in cases.items() if "ERROR" in verdicts}
print("passed:", len(passed), "failed:", sorted(failed), "exit code:", run.returncode)
assert failed == set(expected), f"expected to fail: {expected}"
assert not unsound, unsound
assert len(passed) >= int(passes)
assert run.returncode == (1 if expected else 0)
