// adapter.js with three bugs of servers that were in use put back into it, to see that they are found.
// node wrong.js PORT
"use strict";
const fs = require("node:fs");
const Module = require("node:module");

const bugs = [
  // Whose session it is is not looked at (P28S-1).
  ["if (!session || session.owner !== client) throw", "if (!session) throw"],
  // Calls to a client wait for their time-out when it has gone (P28S-4).
  ["for (const { reject, timer } of this.calls.values()) {", "for (const { reject, timer } of []) {"],
  ["    this.calls.clear();\n", ""],
  ["const how = await Promise.race([done, cancelled]);", "await done;\n    const how = await Promise.race([cancelled, null]);"],
  // What has a method is taken for a request, though it is a response (P28C-6).
  ['if (readable && ("result" in message', 'if (readable && method === undefined && ("result" in message'],
];

const path = require.resolve("./adapter.js");
const source = bugs.reduce((text, [right, wrong]) => {
  if (text.split(right).length !== 2) throw new Error(`adapter.js has to hold once: ${right}`);
  return text.replace(right, wrong);
}, fs.readFileSync(path, "utf8"));
const program = new Module(path, module);
program.filename = path;
program.paths = module.paths;
program._compile(source, path);
