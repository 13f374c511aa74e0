"""Judges a published server of the gallery: published_test.py ASSAY MANIFEST VERSION DIRECTORY SELECT

Its baseline names each case that fails, as a must or a should, with the reason. With the version it was seen with there
are no others and no fewer; with another one some may have been mended, but none may have come. So whoever changes the
referee sees what that means to people who have never heard of it.
"""

import json
import os
import subprocess
import sys

assay, manifest, version, directory, select = sys.argv[1:]
with open(manifest, encoding="utf-8") as file:
    program = json.load(file)["http"]["command"][0]
here = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
subprocess.run([assay, "run", "-q", "--level", "should", "--target", manifest, "--out", directory, *select.split()])
seen = {"FAIL": set(), "ERROR": set(), "PASS": set(), "XFAIL": set(), "XPASS": set()}
with open(os.path.join(directory, "run.jsonl"), encoding="utf-8") as stream:
    for line in stream:
        entry = json.loads(line)
        if entry["event"] == "case" and entry["verdict"] in seen:
            seen[entry["verdict"]].add(f"{entry['check']}:{entry['name']}")
print({verdict: len(cases) for verdict, cases in seen.items()})
assert not seen["ERROR"], seen["ERROR"]
assert not seen["FAIL"], seen["FAIL"]
assert len(seen["PASS"]) >= 40, len(seen["PASS"])
assert seen["XFAIL"]
assert not (here.startswith(version + ".") and seen["XPASS"]), seen["XPASS"]
