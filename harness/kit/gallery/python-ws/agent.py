"""The agent behind one connection, in the Agent Client Protocol, whatever carries the texts.

It does as its prompts say (PROTOCOL.md, Prompts). Its sessions are its own and end with it: nobody can name another's.
"""

import asyncio
import json
import math
import uuid

CALL_S = 30
OPTIONS = [
    {"optionId": "yes", "name": "Do it", "kind": "allow_once"},
    {"optionId": "no", "name": "Do not", "kind": "reject_once"},
]


class RpcError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def is_id(value):
    return value is None or isinstance(value, (str, int, float)) and not isinstance(value, bool)


class Agent:
    def __init__(self, send_text):
        self.send_text = send_text  # a coroutine function; when the client has gone, it does nothing
        self.capabilities = None  # until it has initialized
        self.sessions = {}  # the turn of each, or None
        self.calls = {}
        self.prompts = set()
        self.methods = {
            "initialize": self.initialize,
            "session/new": self.new,
            "session/prompt": self.prompt,
            "session/cancel": self.cancel,
            "session/close": self.close,
        }
        self.acts = {
            "sleep": self.sleep,
            "stream": self.stream,
            "big": self.big,
            "read": self.read,
            "permit": self.permit,
            "fail": self.fail_as_told,
        }

    async def send(self, **message):
        await self.send_text(json.dumps({"jsonrpc": "2.0", **message}))

    async def fail(self, id_, code, text):
        await self.send(id=id_, error={"code": code, "message": text})

    async def receive(self, text):
        """Waits until the message is answered, prompts excepted: who does not read is not read from."""
        try:
            message = json.loads(text, parse_constant=no_constant)
        except (ValueError, RecursionError):
            return await self.fail(None, -32700, "not JSON")
        if not isinstance(message, dict):
            return await self.fail(None, -32600, "not a request")
        id_, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if not is_id(id_) or isinstance(id_, float) and not math.isfinite(id_):
            return await self.fail(None, -32600, "not an id")
        if "result" in message or "error" in message:
            return self.answered(message)
        if message.get("jsonrpc") != "2.0" or not isinstance(method, str) or not isinstance(params, (dict, list)):
            return await self.fail(id_, -32600, "not a request")
        if method != "session/prompt":
            return await self.serve(message, method, params)
        task = asyncio.ensure_future(self.serve(message, method, params))
        self.prompts.add(task)
        task.add_done_callback(self.prompts.discard)
        await asyncio.sleep(0)  # it begins before the next message, which may cancel it

    async def serve(self, message, method, params):
        try:
            if method not in self.methods:
                raise RpcError(-32601, f"no method {method}")
            if self.capabilities is None and method != "initialize":
                raise RpcError(-32600, "initialize comes first")
            result = await self.methods[method](params)
        except RpcError as error:
            answer = {"error": {"code": error.code, "message": str(error)}}
        except (AttributeError, KeyError, TypeError) as error:
            answer = {"error": {"code": -32602, "message": f"not the parameters of {method}: {error}"}}
        else:
            answer = {"result": result}
        if "id" in message:
            await self.send(id=message["id"], **answer)

    def answered(self, message):
        call = self.calls.get(message.get("id"))
        if call is None or call.done():
            return
        if "error" in message:
            call.set_exception(RpcError(-32603, "the client refused"))
        else:
            call.set_result(message["result"])

    async def call(self, method, **params):
        id_ = str(uuid.uuid4())
        self.calls[id_] = asyncio.get_running_loop().create_future()
        try:
            await self.send(id=id_, method=method, params=params)
            return await asyncio.wait_for(self.calls[id_], CALL_S)
        except asyncio.TimeoutError:
            raise RpcError(-32603, "the client does not answer") from None
        finally:
            del self.calls[id_]

    def gone(self):
        for task in self.prompts:
            task.cancel()
        self.sessions.clear()

    def turn_of(self, params):
        if params["sessionId"] not in self.sessions:
            raise RpcError(-32602, "no such session")
        return self.sessions[params["sessionId"]]

    async def initialize(self, params):
        self.capabilities = params.get("clientCapabilities") or {}
        return {"protocolVersion": 1, "agentCapabilities": {"sessionCapabilities": {"close": {}}}, "authMethods": []}

    async def new(self, params):
        sid = str(uuid.uuid4())
        self.sessions[sid] = None
        return {"sessionId": sid}

    async def cancel(self, params):
        turn = self.turn_of(params)
        if turn:
            turn.cancel()

    async def close(self, params):
        await self.cancel(params)
        del self.sessions[params["sessionId"]]
        return {}

    async def prompt(self, params):
        sid = params["sessionId"]
        if self.turn_of(params):
            raise RpcError(-32000, "the session is busy")
        word, _, rest = "".join(block.get("text", "") for block in params["prompt"]).partition(" ")
        act = self.acts.get(word, self.say)
        turn = self.sessions[sid] = asyncio.ensure_future(act(sid, rest))
        try:
            await turn
        except asyncio.CancelledError:
            pass
        finally:
            if sid in self.sessions:
                self.sessions[sid] = None
        # wait_for() forgets that it was cancelled when what it waits for comes in the same moment.
        return {"stopReason": "cancelled" if turn.cancelling() else "end_turn"}

    async def say(self, sid, text):
        update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
        await self.send(method="session/update", params={"sessionId": sid, "update": update})

    async def sleep(self, sid, text):
        await asyncio.sleep(int(text) / 1000)

    async def stream(self, sid, text):
        for n in range(1, int(text) + 1):
            await self.say(sid, f"{n} ")
            if n % 100 == 0:
                await asyncio.sleep(0)

    async def big(self, sid, text):
        await self.say(sid, "x" * int(text))

    async def read(self, sid, path):
        if not (self.capabilities.get("fs") or {}).get("readTextFile"):
            return await self.say(sid, "this client reads no files")
        await self.say(sid, (await self.call("fs/read_text_file", sessionId=sid, path=path))["content"])

    async def permit(self, sid, title):
        tool_call = {"toolCallId": str(uuid.uuid4()), "title": title}
        try:
            asked = self.call("session/request_permission", sessionId=sid, toolCall=tool_call, options=OPTIONS)
            granted = (await asked)["outcome"] == {"outcome": "selected", "optionId": "yes"}
        except (RpcError, KeyError, TypeError):
            granted = False
        await self.say(sid, title if granted else "not permitted")

    async def fail_as_told(self, sid, text):
        raise RpcError(int(text.split(" ")[0]), text)
