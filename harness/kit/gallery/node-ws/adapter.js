// The Agent Client Protocol over WebSocket, on the library ws as its own manual shows it: no Origin is looked at, no
// rate is limited. The agent behind it does as the prompt says (PROTOCOL.md, Prompts).
// node adapter.js PORT
"use strict";
const { randomBytes, randomUUID } = require("node:crypto");
const { WebSocketServer } = require("ws");

const GRACE_MS = Number(process.env.ADAPTER_GRACE_MS || 300000);
const MESSAGE_BYTES = Number(process.env.ADAPTER_MESSAGE_BYTES || 8 << 20);
const CALL_MS = Number(process.env.ADAPTER_CALL_MS || 30000);
const sessions = new Map();

class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
const invalid = (text) => new RpcError(-32602, text);

class Client {
  constructor(socket) {
    this.socket = socket;
    this.calls = new Map();
    this.capabilities = null; // until it has initialized
    socket.on("message", (data, isBinary) => isBinary || this.receive(data.toString()));
    socket.on("close", () => this.gone());
    socket.on("error", () => {}); // the close follows
  }

  send(message) {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  fail(id, code, message) {
    this.send({ id, error: { code, message } });
  }

  receive(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return this.fail(null, -32700, "not JSON");
    }
    if (message === null || typeof message !== "object" || Array.isArray(message)) {
      return this.fail(null, -32600, "not a request");
    }
    const { id, method, params = {} } = message;
    const readable = id === undefined || id === null || typeof id === "string" || typeof id === "number";
    if (readable && ("result" in message || "error" in message)) return this.answered(message);
    if (!readable || message.jsonrpc !== "2.0" || typeof method !== "string" || params === null || typeof params !== "object") {
      return this.fail(readable ? id ?? null : null, -32600, "not a request");
    }
    this.serve(method, params).then(
      (result) => id !== undefined && this.send({ id, result }),
      (error) => id !== undefined && this.fail(id, error.code || -32603, error.message),
    );
  }

  async serve(method, params) {
    const known = Object.hasOwn(methods, method) && methods[method];
    if (!known) throw new RpcError(-32601, `no method ${method}`);
    if (!this.capabilities && method !== "initialize") throw new RpcError(-32600, "initialize comes first");
    return known(this, params);
  }

  // Registered before it is sent; ends with the connection at the latest.
  call(method, params) {
    const id = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.calls.delete(id) && reject(new Error("no answer")), CALL_MS);
      this.calls.set(id, { resolve, reject, timer });
      this.send({ id, method, params });
    });
  }

  answered({ id, result, error }) {
    const call = this.calls.get(id);
    if (!call) return;
    this.calls.delete(id);
    clearTimeout(call.timer);
    if (error) call.reject(new Error("refused"));
    else call.resolve(result);
  }

  gone() {
    for (const { reject, timer } of this.calls.values()) {
      clearTimeout(timer);
      reject(new Error("disconnected"));
    }
    this.calls.clear();
    for (const session of sessions.values()) {
      if (session.owner !== this) continue;
      session.owner = null;
      session.cancel?.();
      session.sweeper = setTimeout(() => sessions.delete(session.id), GRACE_MS);
    }
  }
}

function owned(client, params) {
  const session = sessions.get(params.sessionId);
  if (!session || session.owner !== client) throw invalid("no such session");
  return session;
}

function update(session, kind, text) {
  const message = { sessionUpdate: kind, content: { type: "text", text } };
  session.history.push(message);
  session.owner?.send({ method: "session/update", params: { sessionId: session.id, update: message } });
}
const say = (session, text) => update(session, "agent_message_chunk", text);

// Whoever has its token and finds its owner gone takes a session over.
function takeOver(client, params) {
  const session = sessions.get(params.sessionId);
  if (session?.owner === client) return session;
  if (!session || session.owner || session.token !== params._meta?.resumeToken) throw invalid("no such session");
  clearTimeout(session.sweeper);
  session.owner = client;
  return session;
}

const options = [
  { optionId: "yes", name: "Do it", kind: "allow_once" },
  { optionId: "no", name: "Do not", kind: "reject_once" },
];

const agent = {
  echo: async (session, text) => say(session, text),
  sleep: (session, ms, cancelled) => Promise.race([cancelled, new Promise((resolve) => setTimeout(resolve, Number(ms)))]),
  stream: async (session, count, cancelled) => {
    let over = false;
    cancelled.then(() => (over = true));
    for (let n = 1; n <= Number(count) && !over; n++) {
      say(session, `${n} `);
      if (n % 100 === 0) await new Promise(setImmediate);
    }
  },
  big: async (session, bytes) => say(session, "x".repeat(Number(bytes))),
  read: async (session, path) => {
    if (!session.owner.capabilities.fs?.readTextFile) return say(session, "this client reads no files");
    const turn = session.cancel;
    const { content } = await session.owner.call("fs/read_text_file", { sessionId: session.id, path });
    if (session.cancel === turn) say(session, content);
  },
  permit: async (session, text) => {
    const toolCall = { toolCallId: randomUUID(), title: text };
    const turn = session.cancel;
    const asked = session.owner.call("session/request_permission", { sessionId: session.id, toolCall, options });
    const outcome = (await asked.catch(() => null))?.outcome;
    if (session.cancel !== turn) return; // it was cancelled meanwhile
    say(session, outcome?.outcome === "selected" && outcome.optionId === "yes" ? text : "not permitted");
  },
  fail: async (session, words) => {
    throw new RpcError(Number(words.split(" ")[0]), words);
  },
};

async function prompt(client, params) {
  const session = owned(client, params);
  if (!Array.isArray(params.prompt)) throw invalid("a prompt is an array");
  if (session.cancel) throw new RpcError(-32000, "the session is busy");
  const text = params.prompt.map((block) => block?.text ?? "").join("");
  const [word] = text.split(" ");
  const cancelled = new Promise((resolve) => (session.cancel = () => resolve("cancelled")));
  update({ ...session, owner: null }, "user_message_chunk", text); // into the history alone
  try {
    const act = Object.hasOwn(agent, word) ? agent[word] : agent.echo;
    const done = act(session, text.slice(word.length + 1), cancelled);
    const how = await Promise.race([done, cancelled]);
    return { stopReason: how === "cancelled" ? "cancelled" : "end_turn" };
  } finally {
    session.cancel = null;
  }
}

const methods = {
  initialize: (client, params) => {
    client.capabilities = params.clientCapabilities ?? {};
    const agentCapabilities = { loadSession: true, sessionCapabilities: { resume: {}, close: {} } };
    return { protocolVersion: 1, agentCapabilities, authMethods: [] };
  },
  "session/new": (client) => {
    const session = { id: randomUUID(), owner: client, token: randomBytes(32).toString("base64url"), history: [] };
    sessions.set(session.id, session);
    return { sessionId: session.id, _meta: { resumeToken: session.token } };
  },
  "session/prompt": prompt,
  "session/cancel": (client, params) => owned(client, params).cancel?.(),
  "session/resume": (client, params) => (takeOver(client, params), {}),
  "session/load": (client, params) => {
    const session = takeOver(client, params);
    for (const update of session.history) {
      client.send({ method: "session/update", params: { sessionId: session.id, update } });
    }
    return null;
  },
  "session/close": (client, params) => {
    const session = owned(client, params);
    session.cancel?.();
    sessions.delete(session.id);
    return {};
  },
};

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), path: "/ws", maxPayload: MESSAGE_BYTES });
server.on("connection", (socket) => new Client(socket));
process.on("SIGTERM", () => {
  for (const socket of server.clients) socket.close(1001);
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 1000).unref();
});
