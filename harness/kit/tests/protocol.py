"""PROTOCOL.md and schema/ as the tests see them: marked blocks, tables, and validation."""

import json
import pathlib
import re

import jsonschema

KIT = pathlib.Path(__file__).resolve().parent.parent
TEXT = (KIT / "PROTOCOL.md").read_text(encoding="utf-8")
SCHEMAS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((KIT / "schema").glob("*.json"))}
Validator = jsonschema.Draft202012Validator


def blocks():
    """(line number, schema, text) of every fenced block of JSON; the schema is what stands behind ```json."""
    for match in re.finditer(r"^```json ?(.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE):
        yield TEXT.count("\n", 0, match.start()) + 1, match[1], match[2]


def validate(value, schema):
    """Raises jsonschema.ValidationError. A schema is the name of a file, or `file#definition`."""
    name, _, definition = schema.partition("#")
    whole = SCHEMAS[name]
    Validator({**whole, "$ref": f"#/$defs/{definition}"} if definition else whole).validate(value)


def conversation():
    """The messages of the conversation, in order."""
    (text,) = (text for _, schema, text in blocks() if schema == "conversation")
    return [json.loads(line) for line in text.splitlines()]


def table(heading):
    """The rows of the first table below a heading, as lists of cells; a cell that is `code` is without its quotes."""
    section = re.split(r"^#+ ", TEXT.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]
