"""http_right.py with the bug of OAS-3: what the parser raises is caught where all errors are, and reported as 500."""
import json

from http_right import Handler, echo, main


def read_json(body):
    try:
        return echo(json.loads(body.decode("utf-8")))
    except Exception:
        return 500, {"error": "internal"}


class WrongHandler(Handler):
    judge = staticmethod(read_json)


if __name__ == "__main__":
    main(WrongHandler)
