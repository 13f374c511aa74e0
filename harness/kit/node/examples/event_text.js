'use strict';
// Events as text: strings in, strings out, no files.
//
// A value is never decoded and encoded again, since JSON.parse() makes 9007199254740992 out of 9007199254740993: the
// text of each member is copied as it came. An event is a Map from name to the text of the value here.

const DEPTH_MAX = 256;
const PUNCTUATION = '{}[],:';
const SPACE = ' \t\r\n';
const ROLES = new Map([
  ['user.message', 'user'],
  ['assistant.message', 'assistant'],
]);

// The tokens of a text that JSON.parse() accepts.
function* tokens(text) {
  for (let at = 0, end; at < text.length; at = end) {
    end = at + 1;
    if (SPACE.includes(text[at])) continue;
    if (text[at] === '"') {
      while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
      end++;
    } else if (!PUNCTUATION.includes(text[at])) {
      while (end < text.length && !PUNCTUATION.includes(text[end]) && !SPACE.includes(text[end])) end++;
    }
    yield text.slice(at, end);
  }
}

// What JSON.parse() lets pass: half a surrogate pair.
function decoded(string) {
  const value = JSON.parse(string);
  if (/\p{Surrogate}/u.test(value)) throw new SyntaxError('half a surrogate pair');
  return value;
}

// The tokens of an object. Throws when the text is none, or one that cannot be kept.
function* checkedTokens(text) {
  const value = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not an object');
  const open = []; // for each open bracket: the names of an object so far, or null for an array
  let before = '';
  for (const token of tokens(text)) {
    const string = token[0] === '"' ? decoded(token) : undefined;
    if (string !== undefined && open.at(-1) && (before === '{' || before === ',')) {
      if (open.at(-1).has(string)) throw new SyntaxError(`two members ${token}`);
      open.at(-1).add(string);
    }
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null);
    if (token === '}' || token === ']') open.pop();
    if (open.length > DEPTH_MAX) throw new SyntaxError(`more than ${DEPTH_MAX} levels`);
    before = token;
    yield token;
  }
}

// The members of a JSON object. Throws like checkedTokens().
function split(text) {
  const members = new Map();
  let member = []; // the tokens since the last comma: a name, a colon, and those of the value
  let depth = 0;
  for (const token of checkedTokens(text)) {
    if (token === '}' || token === ']') depth--;
    if (depth === 0 || (depth === 1 && token === ',')) {
      if (member.length > 0) members.set(decoded(member[0]), member.slice(2).join(''));
      member = [];
    } else {
      member.push(token);
    }
    if (token === '{' || token === '[') depth++;
  }
  return members;
}

// One line of a file, out of pairs of a name and the text of its value.
function joined(members) {
  return `{${Array.from(members, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}\n`;
}

// The event as it is stored: type, ts and seq in front, the store's seq instead of any that came.
function numbered(members, seq, ts) {
  const stored = new Map();
  if (members.has('type')) stored.set('type', members.get('type'));
  stored.set('ts', ts).set('seq', String(seq));
  for (const [name, text] of members) if (!stored.has(name)) stored.set(name, text);
  return stored;
}

function eventType(members) {
  const type = JSON.parse(members.get('type') ?? '""');
  return typeof type === 'string' ? type : '';
}

// What the transcript holds of an event: a line, or nothing.
function transcriptLine(members) {
  const role = ROLES.get(eventType(members));
  const text = members.get('text') ?? '';
  if (!role || !text.startsWith('"')) return '';
  const line = { seq: members.get('seq'), ts: members.get('ts'), role: `"${role}"`, text };
  return joined(Object.entries(line));
}

module.exports = { split, joined, numbered, eventType, transcriptLine };
