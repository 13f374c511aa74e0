"""What assay writes keeps to schema/reports: reports_test.py ASSAY GOLDEN DIRECTORY

Held against the schemas are the golden files of the reports, and a run of a room with all that is known of it.
"""

import json
import pathlib
import subprocess
import sys
import unittest

import jsonschema
import protocol

ASSAY, GOLDEN, DIRECTORY = sys.argv[1:4]
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (protocol.KIT / "schema" / "reports").glob("*.json")}


def validate(text, form):
    for line in text.splitlines() if form == "jsonl" else [text]:
        protocol.Validator(SCHEMAS[form]).validate(json.loads(line))


class Reports(unittest.TestCase):
    def test_each_schema_is_one(self):
        self.assertEqual(set(SCHEMAS), {"json", "jsonl"})
        for schema in SCHEMAS.values():
            protocol.Validator.check_schema(schema)

    def test_golden_files_keep_to_them(self):
        for form in SCHEMAS:
            for model in ("empty", "verdicts", "hostile"):
                with self.subTest(f"{model}.{form}"):
                    validate(pathlib.Path(GOLDEN, f"{model}.{form}").read_text(encoding="utf-8"), form)

    def test_a_run_keeps_to_them_and_says_what_it_was(self):
        pathlib.Path(DIRECTORY).mkdir(parents=True, exist_ok=True)
        report = pathlib.Path(DIRECTORY, "report.json")
        words = ["run", "-q", "--seed", "7", "--out", f"{DIRECTORY}/out", "-r", f"json={report}", "store/sequence-order"]
        subprocess.run([ASSAY, *words], check=True, stderr=subprocess.DEVNULL)
        stream = pathlib.Path(DIRECTORY, "out", "run.jsonl").read_text(encoding="utf-8")
        validate(stream, "jsonl")
        validate(report.read_text(encoding="utf-8"), "json")
        whole = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual(whole["command"], " ".join(["assay", *words]))
        self.assertRegex(whole["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual((whole["seed"], whole["level"], whole["driver_name"]), ("7", "must", "assay-ref"))
        self.assertIn("store.torn_tail=truncate", whole["declares"])
        self.assertIn("driver_version", stream)

    def test_a_member_more_or_less_is_noticed(self):
        for form in SCHEMAS:
            text = pathlib.Path(GOLDEN, f"verdicts.{form}").read_text(encoding="utf-8")
            whole = json.loads(text.splitlines()[0])
            for wrong in ({**whole, "unheard_of": 1}, {key: whole[key] for key in whole if key != "seed"}):
                with self.subTest(form), self.assertRaises(jsonschema.ValidationError):
                    protocol.Validator(SCHEMAS[form]).validate(wrong)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
