'use strict';
// A session store on files, and its driver: what right looks like in node. To judge it:
//
//     assay run --target store_right.json
//
// Two ideas carry it. One queue per session covers all of "next number, events, transcript": single-threaded or not,
// between two awaits anything may run. And a line counts once its newline is there, so a crash leaves at worst a torn
// tail, which the next append cuts off. node has no flock(2), and a lock made of files outlives whoever is killed while
// holding it; so the manifest says store.processes=one, and means it.

const crypto = require('node:crypto');
const fs = require('node:fs/promises');
const path = require('node:path');
const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_TRUNC, O_NOFOLLOW } = require('node:fs').constants;
const { run, BadParameters, Failed, Refused } = require('../assay_driver');
const { split, joined, numbered, eventType, transcriptLine } = require('./event_text');

const EVENT_MAX_BYTES = 8 << 20;
const PAGE_MAX_BYTES = 8 << 20; // of events in one answer
const BLOCK_BYTES = 64 << 10;
const NEWLINE = 10;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Store {
  queues = new Map(); // sid -> the last of the calls that wait for each other

  async start({ directory, limits = {} }) {
    this.root = path.join(directory, 'sessions');
    this.eventMaxBytes = limits.event_bytes ?? EVENT_MAX_BYTES;
    await fs.mkdir(this.root, { mode: 0o700, recursive: true });
  }

  async create() {
    return { sid: await this.make([]) };
  }

  async append({ sid, event, event_base64 }) {
    const members = this.accept(event, event_base64);
    return this.alone(sid, async (folder) => {
      const seq = (await repair(folder)) + 1;
      await writeEvent(folder, numbered(members, seq, String(Date.now() / 1000)));
      return { seq };
    });
  }

  async read({ sid, after = 0, limit = 0 }) {
    if (!isCount(after) || !isCount(limit)) throw new BadParameters('after and limit are numbers from 0');
    const lines = await this.alone(sid, wholeLines);
    const events = [];
    let size = 0;
    for (let seq = after + 1; seq <= lines.length && (limit === 0 || events.length < limit); seq++) {
      const line = lines[seq - 1];
      size += line.length;
      if (events.length && size > PAGE_MAX_BYTES) break; // the rest is asked for again, with a higher `after`
      if (number(line) !== seq) throw new Failed(`line ${seq} of the events is corrupt`);
      events.push(UTF8.decode(line));
    }
    return { events };
  }

  async metadata({ sid, patch }) {
    return this.alone(sid, async (folder) => {
      let metadata = JSON.parse(await withFile(folder, 'meta.json', O_RDONLY, (file) => file.readFile('utf8')));
      if (patch !== undefined) {
        if (!isObject(patch)) throw new BadParameters('patch is an object');
        metadata = { ...metadata, ...patch };
        await replaceFile(folder, 'meta.json', JSON.stringify(metadata, mustBeExact));
      }
      return { metadata };
    });
  }

  async delete({ sid }) {
    await this.alone(sid, async (folder) => {
      const gone = path.join(this.root, `deleted-${sid}`);
      await fs.rename(folder, gone); // at once, for whoever is next
      await fs.rm(gone, { recursive: true });
    });
  }

  async fork({ sid, head = 0 }) {
    if (!isCount(head)) throw new BadParameters('head is a number from 0');
    const lines = await this.alone(sid, wholeLines);
    const kept = [];
    for (const line of lines.slice(0, head || undefined)) {
      const members = split(UTF8.decode(line));
      const type = eventType(members);
      if (type === 'system.init' || type === 'result' || type.startsWith('session.')) continue;
      kept.push(numbered(members, kept.length + 1, members.get('ts')));
    }
    return { sid: await this.make(kept) };
  }

  async resume({ sid }) {
    return this.alone(sid, async (folder) => ({ next_seq: (await repair(folder)) + 1 }));
  }

  // The members of an event that came, or Refused.
  accept(event, event_base64) {
    const [text, encoding] = event_base64 === undefined ? [event, 'utf8'] : [event_base64, 'base64'];
    if (typeof text !== 'string') throw new BadParameters('an event is a string');
    const data = Buffer.from(text, encoding);
    if (data.length > this.eventMaxBytes) throw new Refused(`an event has at most ${this.eventMaxBytes} bytes`);
    try {
      return split(UTF8.decode(data));
    } catch (error) {
      throw new Refused(`not an event: ${error.message}`);
    }
  }

  // A new session. Until its id is given away nobody comes here, so this needs no queue.
  async make(events) {
    const sid = crypto.randomBytes(16).toString('hex');
    const folder = path.join(this.root, sid);
    await fs.mkdir(folder, { mode: 0o700 });
    await replaceFile(folder, 'meta.json', '{}');
    await replaceFile(folder, 'transcript.jsonl', events.map(transcriptLine).join(''));
    await replaceFile(folder, 'events.jsonl', events.map(joined).join(''));
    return sid;
  }

  // The directory of a session. An id is checked before it becomes part of a path.
  async folder(sid) {
    if (typeof sid !== 'string' || !/^[0-9a-f]{32}$/.test(sid)) throw new Refused('not the id of a session');
    const folder = path.join(this.root, sid);
    const status = await fs.lstat(folder).catch((error) => {
      throw error.code === 'ENOENT' ? new Refused('no such session') : error;
    });
    if (!status.isDirectory()) throw new Refused('a session is a directory');
    return folder;
  }

  // Runs work(folder) when all that was asked of the session before is over.
  alone(sid, work) {
    const before = this.queues.get(sid) ?? Promise.resolve();
    const mine = before.then(async () => work(await this.folder(sid)));
    const over = mine.catch(() => {}).then(() => {
      if (this.queues.get(sid) === over) this.queues.delete(sid);
    });
    this.queues.set(sid, over);
    return mine;
  }
}

// ---- files ----

async function withFile(folder, name, flags, work) {
  const file = await fs.open(path.join(folder, name), flags | O_NOFOLLOW, 0o600);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

// Old content or new, never half of it: rename(2) is one step.
async function replaceFile(folder, name, text) {
  await withFile(folder, name + '.new', O_WRONLY | O_CREAT | O_TRUNC, (file) => file.writeFile(text));
  await fs.rename(path.join(folder, name + '.new'), path.join(folder, name));
}

async function wholeLines(folder) {
  const data = await withFile(folder, 'events.jsonl', O_RDONLY, (file) => file.readFile());
  const lines = [];
  for (let start = 0, end; (end = data.indexOf(NEWLINE, start)) >= 0; start = end + 1)
    lines.push(data.subarray(start, end));
  return lines;
}

// The last whole line of a file, the offset behind it, and whether a torn tail follows.
async function lastLine(file) {
  const { size } = await file.stat();
  let data = Buffer.alloc(0);
  let start = size;
  while (start > 0 && data.indexOf(NEWLINE) === data.lastIndexOf(NEWLINE)) {
    const block = Buffer.alloc(Math.min(start, Math.max(BLOCK_BYTES, data.length)));
    start -= block.length;
    const { bytesRead } = await file.read(block, 0, block.length, start);
    if (bytesRead < block.length) throw new Failed('a file has shrunk while it was read', { definite: true });
    data = Buffer.concat([block, data]);
  }
  const end = data.lastIndexOf(NEWLINE) + 1;
  const line = end ? data.subarray(data.subarray(0, end - 1).lastIndexOf(NEWLINE) + 1, end - 1) : undefined;
  return { line, end: start + end, torn: start + end < size };
}

// Brings both files to the same whole line. Returns the number of the last event.
async function repair(folder) {
  const last = await withFile(folder, 'events.jsonl', O_RDWR, async (events) => {
    const found = await lastLine(events);
    if (found.torn) await events.truncate(found.end);
    return found.line;
  });
  const message = await withFile(folder, 'transcript.jsonl', O_RDONLY, lastLine);
  const seq = last ? number(last) : 0;
  const shown = message.line ? number(message.line) : 0;
  if (message.torn || shown > seq || (seq > shown && transcriptLine(split(UTF8.decode(last))))) {
    const messages = (await wholeLines(folder)).map((line) => transcriptLine(split(UTF8.decode(line))));
    await replaceFile(folder, 'transcript.jsonl', messages.join(''));
  }
  return seq;
}

// Writes to both files, or to neither.
async function writeEvent(folder, members) {
  await withFile(folder, 'events.jsonl', O_WRONLY | O_APPEND, (events) =>
    withFile(folder, 'transcript.jsonl', O_WRONLY | O_APPEND, async (transcript) => {
      const eventsEnd = (await events.stat()).size;
      const transcriptEnd = (await transcript.stat()).size;
      try {
        await events.appendFile(joined(members));
        await transcript.appendFile(transcriptLine(members));
      } catch (error) {
        await transcript.truncate(transcriptEnd);
        await events.truncate(eventsEnd); // if this fails too, nobody knows, and the kit will say so
        throw new Failed(`nothing was appended: ${error.message}`, { definite: true });
      }
    }),
  );
}

// The number on a stored line. A line without one stops the session: a number must not be used twice.
function number(line) {
  try {
    const text = split(UTF8.decode(line)).get('seq');
    if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  } catch {
    // falls through: whatever is wrong with the line, the answer is the same
  }
  throw new Failed('a stored line is corrupt', { definite: true });
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Metadata comes parsed. What JavaScript has lost on the way, or cannot write, is refused rather than changed.
function mustBeExact(key, value) {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new Refused(`the number ${value} cannot be kept`);
  if (/\p{Surrogate}/u.test(typeof value === 'string' ? key + value : key)) throw new Refused('half a surrogate pair');
  return value;
}

module.exports = { Store, numbered, wholeLines, writeEvent };
if (require.main === module) run('store_right.js', '1.0', { store: new Store() }, ['raw_events']);
