// The HTTP server that comes with node, and as little around it as anybody would write: POST /session takes JSON.
'use strict';
const http = require('http');

http.createServer((request, response) => {
  const parts = [];

  if (request.method !== 'POST' || request.url !== '/session') {
    response.writeHead(404);
    response.end();
    return;
  }
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    try {
      JSON.parse(Buffer.concat(parts));
    } catch {
      response.writeHead(400, { 'Content-Type': 'text/plain' });
      response.end('bad json');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end('{"ok":true}');
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
