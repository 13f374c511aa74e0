"""Judges a published server by its manifest alone: published_test.py ASSAY MANIFEST VERDICTS DIRECTORY SELECT

VERDICTS names each case that fails or warns, with the reason. With the version it was seen with there are no others and
no fewer; with another one some may have been mended, but none may have come. So whoever changes the referee sees what
that means to people who have never heard of it.
"""

import json
import os
import subprocess
import sys

assay, manifest, verdicts, directory, select = sys.argv[1:]
with open(manifest, encoding="utf-8") as file:
    program = json.load(file)["http"]["command"][0]
with open(verdicts, encoding="utf-8") as file:
    known = json.load(file)
version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
same = version.startswith(known["seen_with"] + ".")
subprocess.run([assay, "run", "-q", "--target", manifest, "--out", directory, *select.split()])
seen = {"FAIL": set(), "WARN": set(), "ERROR": set(), "PASS": set()}
with open(os.path.join(directory, "run.jsonl"), encoding="utf-8") as stream:
    for line in stream:
        entry = json.loads(line)
        if entry["event"] == "case" and entry["verdict"] in seen:
            seen[entry["verdict"]].add(f"{entry['check']}:{entry['name']}")
assert not seen["ERROR"], seen["ERROR"]
assert len(seen["PASS"]) >= 40, len(seen["PASS"])
for verdict in ("FAIL", "WARN"):
    without_a_reason = seen[verdict] - set(known[verdict])
    mended = set(known[verdict]) - seen[verdict]
    print(verdict, len(seen[verdict]), "new:", sorted(without_a_reason), "gone:", sorted(mended))
    assert not without_a_reason, without_a_reason
    assert not (same and mended), mended
