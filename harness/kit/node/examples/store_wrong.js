'use strict';
// The same store with one bug, OAS-1: append numbers an event and writes two files without a lock. One thread does not
// help: between the two awaits the other appends run, and find the same number free.
//
// With eight clients at once, most events share their number with another. Watch it:
//
//     assay run --target store_wrong.json

const { run } = require('../assay_driver');
const { Store, numbered, wholeLines, writeEvent } = require('./store_right');

class WrongStore extends Store {
  repaired = new Map(); // sid -> the promise of its repair

  async append({ sid, event, event_base64 }) {
    const members = this.accept(event, event_base64);
    if (!this.repaired.has(sid)) this.repaired.set(sid, this.resume({ sid }));
    await this.repaired.get(sid); // a torn tail is cut off when a process first meets the session
    const folder = await this.folder(sid); // the bug: alone() would have made the others wait
    const seq = (await wholeLines(folder)).length + 1;
    await writeEvent(folder, numbered(members, seq, String(Date.now() / 1000)));
    return { seq };
  }
}

run('store_wrong.js', '1.0', { store: new WrongStore() }, ['raw_events']);
