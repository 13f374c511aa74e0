"""The store that knows its types with one bug, OAS-1: append numbers an event and writes two files without a lock.

With eight clients at once, most events share their number with another. Watch it: assay run --target typed_wrong.json
"""

from store_wrong import WrongStore, assay_driver
from typed_right import Typed


class WrongTypedStore(Typed, WrongStore):
    pass


if __name__ == "__main__":
    assay_driver.run("typed_wrong.py", "1.0", store=WrongTypedStore())
