"""PROTOCOL.md says what the schemas say, and what the referee reads: every example is valid, every table agrees."""

import json
import re
import unittest

import jsonschema
import protocol


class Schemas(unittest.TestCase):
    def test_each_is_a_schema(self):
        self.assertGreaterEqual(len(protocol.SCHEMAS), 14)
        for name, schema in protocol.SCHEMAS.items():
            with self.subTest(name):
                protocol.Validator.check_schema(schema)
                self.assertEqual(schema["title"], name)

    def test_each_has_an_example(self):
        shown = {schema for _, schema, _ in protocol.blocks()}
        for name, schema in protocol.SCHEMAS.items():
            definitions = schema["$defs"] if name != "manifest" else [None]
            for definition in definitions:
                if (name, definition) != ("message", "error"):  # part of an answer
                    self.assertIn(f"{name}#{definition}" if definition else name, shown)

    def test_unknown_members_are_ignored_except_in_a_manifest(self):
        for _, schema, text in protocol.blocks():
            if "#" in schema:
                protocol.validate({**json.loads(text), "unheard_of": 1}, schema)
            elif schema == "manifest":
                with self.assertRaises(jsonschema.ValidationError):
                    protocol.validate({**json.loads(text), "unheard_of": 1}, schema)

    def test_what_is_required_is_missed(self):
        for _, schema, text in protocol.blocks():
            if schema not in ("store.append#params", "message#answer") and "#" in schema:
                name, _, definition = schema.partition("#")
                for member in protocol.SCHEMAS[name]["$defs"][definition].get("required", []):
                    value = json.loads(text)
                    del value[member]
                    with self.subTest(schema, member=member), self.assertRaises(jsonschema.ValidationError):
                        protocol.validate(value, schema)


class Examples(unittest.TestCase):
    def test_each_fits_its_schema(self):
        seen = 0
        for line, schema, text in protocol.blocks():
            with self.subTest(line=line, schema=schema):
                seen += 1
                if schema != "conversation":
                    protocol.validate(json.loads(text), schema)
        self.assertGreater(seen, 20)

    def test_the_manifests_of_the_kit_are_valid(self):
        manifests = sorted([*protocol.KIT.glob("*/examples/*.json"), protocol.KIT / "gallery/node-ws/node-ws.json"])
        self.assertEqual(len(manifests), 9)
        for path in manifests:
            with self.subTest(path.name):
                protocol.validate(json.loads(path.read_text()), "manifest")

    def test_the_manifests_of_the_readme_are_valid(self):
        readme = (protocol.KIT / "README.md").read_text(encoding="utf-8")
        manifests = re.findall(r"^```json\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(manifests), 3)
        for manifest in manifests:
            protocol.validate(json.loads(manifest), "manifest")

    def test_the_conversation_is_well_formed(self):
        asked = {}
        for message in protocol.conversation():
            with self.subTest(id=message["id"]):
                if "method" in message:
                    protocol.validate(message, "message#request")
                    self.assertNotIn(message["id"], asked)
                    asked[message["id"]] = message["method"]
                    if message["method"] in protocol.SCHEMAS:
                        protocol.validate(message["params"], message["method"] + "#params")
                else:
                    protocol.validate(message, "message#answer")
                    method = asked.pop(message["id"])
                    if "result" in message:
                        protocol.validate(message["result"], method + "#result")
        self.assertEqual(asked, {})


class Tables(unittest.TestCase):
    manifest = protocol.SCHEMAS["manifest"]["properties"]

    def names_in_c(self):
        return (protocol.KIT.parent / "target" / "manifest_names.c").read_text()

    def test_declarations_are_those_of_the_schema_and_of_the_referee(self):
        rows = protocol.table("Declarations")
        listed = [f"{name}={value.strip(' `')}" for name, values, *_ in rows for value in values.split(",")]
        self.assertCountEqual(listed, self.manifest["declares"]["items"]["enum"])
        read = [
            f"{name}={value}"
            for name, values in re.findall(r'\{"([a-z_.]+)", \{("[^}]*)\}\}', self.names_in_c())
            for value in re.findall(r'"([^"]+)"', values)
        ]
        self.assertCountEqual(listed, read)

    def test_limits_are_those_of_the_schemas(self):
        listed = [row[0] for row in protocol.table("Limits")]
        self.assertCountEqual(listed, self.manifest["limits"]["propertyNames"]["enum"])
        for surface in ("store", "http", "ws"):
            limits = protocol.SCHEMAS[surface + ".start"]["$defs"]["params"]["properties"]["limits"]["properties"]
            of_surface = [name for name in listed if name.startswith(surface + ".")]
            self.assertCountEqual([f"{surface}.{name}" for name in limits], of_surface)

    def test_the_limits_that_the_referee_reads_are_listed(self):
        (array,) = re.findall(r"manifest_limits\[\] = \{(.*?)\}", self.names_in_c(), re.DOTALL)
        read = re.findall(r'"([^"]+)"', array)
        self.assertTrue(read)
        self.assertLessEqual(set(read), {row[0] for row in protocol.table("Limits")})

    def test_manifest_keys_are_those_of_the_schema(self):
        self.assertCountEqual([row[0] for row in protocol.table("The manifest")], list(self.manifest))


if __name__ == "__main__":
    unittest.main()
