// The Agent Client Protocol's own server over WebSocket, as published, on the library ws; the agent does as its prompts
// say (PROTOCOL.md, Prompts). Each connection has an agent to itself, and sessions that nobody else can name.
// node server.mjs PORT
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { RequestError, agent, methods } from "@agentclientprotocol/sdk";
import { createNodeHttpHandler, createNodeWebSocketUpgradeHandler } from "@agentclientprotocol/sdk/experimental/node";
import { AcpServer } from "@agentclientprotocol/sdk/experimental/server";
import { WebSocketServer } from "ws";

const options = [
  { optionId: "yes", name: "Do it", kind: "allow_once" },
  { optionId: "no", name: "Do not", kind: "reject_once" },
];
const acts = {
  echo: ({ say }, text) => say(text),
  sleep: ({ signal }, ms) => sleep(Number(ms), undefined, { signal }),
  stream: async ({ say, signal }, count) => {
    for (let n = 1; n <= Number(count) && !signal.aborted; n++) {
      await say(`${n} `);
      if (n % 100 === 0) await new Promise(setImmediate); // for what comes meanwhile
    }
  },
  big: ({ say }, bytes) => say("x".repeat(Number(bytes))),
  read: async ({ say, ask, files }, path) => say(files ? (await ask("fs/read_text_file", { path })).content : "no files"),
  permit: async ({ say, ask }, title) => {
    const toolCall = { toolCallId: randomUUID(), title };
    const answer = await ask("session/request_permission", { toolCall, options }).catch(() => null);
    const granted = answer?.outcome.outcome === "selected" && answer.outcome.optionId === "yes";
    return say(granted ? title : "not permitted");
  },
  fail: (_, words) => Promise.reject(new RequestError(parseInt(words), words)),
};

function createAgent() {
  const turns = new Map(); // what ends the turn of each session, or null
  let files = false;
  const known = ({ sessionId }) => {
    if (!turns.has(sessionId)) throw RequestError.invalidParams(undefined, "no such session");
    return sessionId;
  };
  const prompt = async ({ params, client, signal }) => {
    const sessionId = known(params);
    if (turns.get(sessionId)) throw new RequestError(-32000, "the session is busy");
    const turn = new AbortController();
    turns.set(sessionId, turn);
    const ends = AbortSignal.any([turn.signal, signal]);
    const ask = (method, more) =>
      client.request(method, { sessionId, ...more }, { cancellationSignal: ends, stopWaitingOnCancel: true });
    const say = (text) => {
      const update = { sessionUpdate: "agent_message_chunk", content: { type: "text", text } };
      return client.notify("session/update", { sessionId, update });
    };
    const [word, ...rest] = params.prompt.map((block) => block.text ?? "").join("").split(" ");
    try {
      await (acts[word] ?? acts.echo)({ say, ask, files, signal: ends }, rest.join(" "));
    } catch (error) {
      if (!turn.signal.aborted) throw error;
    } finally {
      if (turns.has(sessionId)) turns.set(sessionId, null);
    }
    return { stopReason: turn.signal.aborted ? "cancelled" : "end_turn" };
  };
  return agent({ name: "gallery" })
    .onRequest(methods.agent.initialize, ({ params }) => {
      files = params.clientCapabilities?.fs?.readTextFile;
      return { protocolVersion: 1, agentCapabilities: { sessionCapabilities: { close: {} } } };
    })
    .onRequest(methods.agent.session.new, () => {
      const sessionId = randomUUID();
      turns.set(sessionId, null);
      return { sessionId };
    })
    .onRequest(methods.agent.session.prompt, prompt)
    .onNotification(methods.agent.session.cancel, ({ params }) => turns.get(params.sessionId)?.abort())
    .onRequest(methods.agent.session.close, ({ params }) => {
      turns.get(known(params))?.abort();
      turns.delete(params.sessionId);
      return {};
    });
}

const acp = new AcpServer({ createAgent });
const server = createServer(createNodeHttpHandler(acp));
server.on("upgrade", createNodeWebSocketUpgradeHandler(acp, new WebSocketServer({ noServer: true })));
server.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", async () => {
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 1000).unref();
  await acp.close();
});
