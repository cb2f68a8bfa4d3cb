// Tells which instants ical.js takes local times for, by their VTIMEZONE alone.
//
//   node instants.mjs < question.json > answer.json
//
// question: [{"ics": "...", "shown": [what clocks show, as seconds since 1970-01-01 00:00 on that clock, ...]}, ...]
// answer:   [[seconds since 1970 in UTC, ...], ...]

import { readFileSync } from "node:fs";
import ICAL from "ical.js";

function instants({ ics, shown }) {
  const calendar = new ICAL.Component(ICAL.parse(ics));
  const zone = new ICAL.Timezone(calendar.getFirstSubcomponent("vtimezone"));
  return shown.map((seconds) => {
    const time = ICAL.Time.fromJSDate(new Date(seconds * 1000), true);
    time.zone = zone;
    return time.toUnixTime();
  });
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(instants)));
