"""The Agent Client Protocol on aiohttp, as its manual shows it. /usr/bin/python3 aiohttp_server.py PORT"""

import os
import sys
import weakref

from aiohttp import WSCloseCode, WSMsgType, web

from agent import Agent

MESSAGE_BYTES = int(os.environ.get("ADAPTER_MESSAGE_BYTES", 4 << 20))
sockets = weakref.WeakSet()


async def serve(request):
    socket = web.WebSocketResponse(max_msg_size=MESSAGE_BYTES + 1)  # the first size that is too much
    await socket.prepare(request)
    sockets.add(socket)

    async def send(text):
        try:
            await socket.send_str(text)
        except ConnectionError:
            pass

    agent = Agent(send)
    try:
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await agent.receive(message.data)
    finally:
        agent.gone()
    return socket


async def stop(app):
    for socket in set(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY)


app = web.Application()
app.add_routes([web.get("/ws", serve)])
app.on_shutdown.append(stop)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
