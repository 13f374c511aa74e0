"""Events as text: bytes in, bytes out, no files.

A value is never decoded and encoded again: the text of each member is copied as it came, so that no digit and no escape
changes on the way. An event is {name: text of the value, ...} here.
"""

import json
import re

DEPTH_MAX = 256
STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
SPACE = re.compile(rf"({STRING})|[ \t\r\n]+")
TOKEN = re.compile(rf"{STRING}|[\[\]{{}}]")
DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
ROLES = {"user.message": "user", "assistant.message": "assistant"}


def unique(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("two members of one name")
    return members


def no_number(text):
    raise ValueError(f"{text} is no number")


def split(data):
    """The members of a JSON object, name to the text of the value. ValueError: it is none, or cannot be kept."""
    text = data.decode()
    value = json.loads(text, object_pairs_hook=unique, parse_constant=no_number, parse_int=str, parse_float=str)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair
    depth = 0
    for token in TOKEN.finditer(text):
        depth += DEEPER.get(token[0], 0)
        if depth > DEPTH_MAX:
            raise ValueError(f"more than {DEPTH_MAX} levels")
    text = SPACE.sub(lambda match: match[1] or "", text)
    members, at = {}, 1
    while at < len(text) - 1:
        name, colon = DECODER.raw_decode(text, at)
        _, end = DECODER.raw_decode(text, colon + 1)
        members[name] = text[colon + 1 : end]
        at = end + 1
    return members


def joined(members):
    """One line of a file."""
    pairs = (f"{json.dumps(name, ensure_ascii=False)}:{text}" for name, text in members.items())
    return ("{" + ",".join(pairs) + "}\n").encode()


def numbered(members, seq, ts):
    """The event as it is stored: type, ts and seq in front, the store's seq instead of any that came."""
    front = {name: members[name] for name in ("type",) if name in members}
    return {**front, "ts": "", "seq": "", **members, "ts": ts, "seq": str(seq)}


def event_type(members):
    kind = json.loads(members.get("type", '""'))
    return kind if isinstance(kind, str) else ""


def transcript_line(members):
    role, text = ROLES.get(event_type(members)), members.get("text", "")
    if not role or not text.startswith('"'):
        return b""
    return joined({"seq": members["seq"], "ts": members["ts"], "role": f'"{role}"', "text": text})
