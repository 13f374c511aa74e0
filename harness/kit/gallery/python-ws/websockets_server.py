"""The Agent Client Protocol on Python's websockets, as its manual shows it. /usr/bin/python3 websockets_server.py PORT"""

import asyncio
import os
import signal
import sys

import websockets

from agent import Agent

MESSAGE_BYTES = int(os.environ.get("ADAPTER_MESSAGE_BYTES", 1 << 20))


async def serve(socket):
    async def send(text):
        try:
            await socket.send(text)
        except websockets.ConnectionClosed:
            pass

    agent = Agent(send)
    try:
        async for message in socket:
            if isinstance(message, str):
                await agent.receive(message)
    except websockets.ConnectionClosedError:
        pass
    finally:
        agent.gone()


async def main():
    stopped = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set_result, None)
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), max_size=MESSAGE_BYTES):
        await stopped


asyncio.run(main())
