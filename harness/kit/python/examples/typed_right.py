"""A store that knows its types, as many agents have one, over the store of store_right.py. To judge it:

    assay run --target typed_right.json

An event is one of a few types with the members listed here: others are dropped, and those that did not come are written
as null. An append returns nothing, and a read of what is not there is an empty list. The manifest beside it declares
the three: store.events=typed, store.seq=none, store.unknown=empty.
"""

from store_right import Refused, Store, assay_driver, event_type

TYPES = {
    "system.init": ("cwd", "version"),
    "user.message": ("text", "parent_id"),
    "assistant.message": ("text", "parent_id"),
    "tool.use": ("tool_use_id", "name", "input"),
    "tool.result": ("tool_use_id", "output", "is_error"),
    "session.checkpoint": ("label",),
    "result": ("final_text", "stop_reason"),
}


class Typed:
    """What is put in front of a store, right or wrong, to make it know its types."""

    def accept(self, event, event_base64=None):
        members = super().accept(event, event_base64)
        kind = event_type(members)
        if kind not in TYPES:
            raise Refused(f"there are no events of type {kind!r}")
        return {"type": members["type"], **{name: members.get(name, "null") for name in TYPES[kind]}}

    def append(self, sid, event):
        super().append(sid, event)

    def read(self, sid, after=0, limit=0):
        try:
            return super().read(sid, after, limit)
        except Refused:  # no such session, or no id of one
            return {"events": []}


class TypedStore(Typed, Store):
    pass


if __name__ == "__main__":
    assay_driver.run("typed_right.py", "1.0", store=TypedStore())
