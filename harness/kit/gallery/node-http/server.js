/* The plainest JSON endpoint on node's own HTTP server: POST /session. Nothing here is about HTTP; all that is judged is
 * node's. */
'use strict';

const http = require('node:http');

function answer(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

const server = http.createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/session') {
    return answer(response, 404, { error: 'not_found' });
  }
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    try {
      JSON.parse(Buffer.concat(pieces));
    } catch {
      return answer(response, 400, { error: 'invalid_json' });
    }
    answer(response, 200, { ok: true });
  });
});

server.listen(Number(process.argv[2]), '127.0.0.1');
