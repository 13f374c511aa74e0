'use strict';
// The driver side of assay's protocol, version 1 (PROTOCOL.md). Copy this file; it needs node 18 and nothing else.
//
//     const assay = require('./assay_driver');
//
//     class Store {
//       async start({ directory, limits }) { ... }
//       async create()                     { return { sid: ... }; }
//       async append({ sid, event })       { return { seq: ... }; }
//       async read({ sid, after = 0, limit = 0 }) { return { events: [...] }; }
//     }
//
//     assay.run('acme', '1.2', { store: new Store() });
//
// The methods of the protocol that an object has are the ones that are claimed. Each gets its parameters as one object,
// and returns the result or a promise of it; undefined stands for {}. A call is not awaited before the next one begins.
// It throws one of the errors below; any other exception counts as Failed, and its stack goes to standard error.
//
// Standard output belongs to the protocol: from run() on, console.log() and process.stdout.write() go to standard
// error. node cannot do that for a child process: never give one stdio 'inherit' for its output.

const LINE_MAX_BYTES = 32 << 20; // of a message, without its newline
const ECHO_DELAY_MAX_MS = 600000;
const NEWLINE = 10;

const METHODS = {
  store: ['create', 'append', 'read', 'metadata', 'delete', 'fork', 'resume'],
  http: [],
};

// What a call throws instead of returning a result. definite: true promises that the operation did not happen and will
// not. An append that may have happened is not one that did not: leave it out unless you know.
class Failed extends Error {
  kind = 'failed';
  code = -32000;
  constructor(message, { definite = false } = {}) {
    super(message);
    this.definite = definite;
  }
}

// The implementation says no, on purpose: a bad id, no such session, not JSON, too big. Nothing has happened.
class Refused extends Failed {
  kind = 'refused';
  constructor(message, { definite = true } = {}) {
    super(message, { definite });
  }
}

// The parameters are not what the method takes.
class BadParameters extends Refused {
  code = -32602;
}

// There is no such thing here.
class Unsupported extends Refused {
  kind = 'unsupported';
  code = -32601;
}

// The implementation's own time-out has struck.
class TimedOut extends Failed {
  kind = 'timeout';
}

// Serves the surfaces, e.g. { store: new Store() }, until `stop` or the end of standard input; then the process exits.
function run(name, version, surfaces, features = []) {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.stdout.on('error', () => process.exit(1));

  const served = {};
  const methods = new Map([['echo', echo]]);
  for (const [surface, implementation] of Object.entries(surfaces)) {
    served[surface] = METHODS[surface].filter((method) => typeof implementation[method] === 'function');
    for (const method of ['start', ...served[surface]])
      methods.set(`${surface}.${method}`, (params) => implementation[method](params));
  }
  const claims = { protocol: 1, name, version, surfaces: served, features };
  methods.set('hello', ({ protocol }) => {
    if (protocol !== 1) throw new BadParameters('this driver speaks protocol 1');
    return claims;
  });
  readLines((line) => take(line, methods, write), write);
}

// Cuts standard input at each newline, and nowhere else: node's readline also cuts at U+2028, which JSON may hold.
function readLines(takeLine, write) {
  let parts = [];
  let held = 0;
  const keep = (part) => {
    parts.push(part);
    held += part.length;
    if (held <= LINE_MAX_BYTES) return;
    refuseMessage(write, -32700, 'a line that is too long');
    process.exit(0);
  };
  process.stdin.on('data', (chunk) => {
    let start = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
      keep(chunk.subarray(start, end));
      takeLine(Buffer.concat(parts));
      parts = [];
      held = 0;
    }
    keep(chunk.subarray(start));
  });
  process.stdin.on('end', () => process.exit(0));
}

function take(line, methods, write) {
  let request;
  try {
    request = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line));
  } catch {
    return refuseMessage(write, -32700, 'not JSON');
  }
  if (typeof request?.method !== 'string' || request.id === undefined)
    return refuseMessage(write, -32600, 'not a request');
  if (request.method === 'stop') {
    send(write, request.id, { result: {} });
    process.exit(0);
  }
  answer(request, methods, write);
}

async function answer({ id, method, params = {} }, methods, write) {
  try {
    const call = methods.get(method);
    if (!call) throw new Unsupported(`no method ${method}`);
    if (typeof params !== 'object' || params === null || Array.isArray(params))
      throw new BadParameters('params must be an object');
    send(write, id, { result: (await call(params)) ?? {} });
  } catch (error) {
    if (!(error instanceof Failed)) console.error(error);
    send(write, id, { error: described(error instanceof Failed ? error : new Failed(String(error))) });
  }
}

function described({ code, message, kind, definite }) {
  return { code, message, data: { kind, definite } };
}

function refuseMessage(write, code, message) {
  send(write, null, { error: { ...described(new Refused(message)), code } });
}

// Half a surrogate pair has no UTF-8, and JSON.stringify() would write it as an escape that no strict reader accepts.
function wellFormed(key, value) {
  return typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value;
}

function send(write, id, message) {
  const line = JSON.stringify({ jsonrpc: '2.0', id, ...message }, wellFormed);
  if (Buffer.byteLength(line) <= LINE_MAX_BYTES) write(line + '\n');
  else send(write, id, { error: described(new Failed('the answer is longer than a line may be')) });
}

async function echo({ text, delay_ms = 0 }) {
  if (!(delay_ms >= 0 && delay_ms <= ECHO_DELAY_MAX_MS))
    throw new BadParameters(`delay_ms is 0 to ${ECHO_DELAY_MAX_MS}`);
  await new Promise((resolve) => setTimeout(resolve, delay_ms));
  return { text };
}

module.exports = { run, Failed, Refused, BadParameters, Unsupported, TimedOut };
