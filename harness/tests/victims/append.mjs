// append.mjs DIRECTORY MODE WORKERS EACH: as append.c, in JavaScript. MODE: counter (numbers in order, appends not
// awaited one after the other), queue (each append waits for the one before: right).
import {appendFile} from 'node:fs/promises';
import {join} from 'node:path';

const [directory, mode, workers, each] = process.argv.slice(2);
const path = join(directory, 'events.jsonl');
let number = 0;
let last = Promise.resolve();

function append() {
  const line = `{"seq":${++number}}\n`;
  if (mode !== 'queue')
    return appendFile(path, line);
  last = last.then(() => appendFile(path, line));
  return last;
}

async function work() {
  for (let i = 0; i < Number(each); i++)
    await append();
}

await Promise.all(Array.from({length: Number(workers)}, work));
