/* The plainest JSON endpoint on express: POST /session. */
'use strict';

const express = require('express');

const app = express();
app.use(express.json());
app.post('/session', (request, response) => response.json({ ok: true }));
app.listen(Number(process.argv[2]), '127.0.0.1');
