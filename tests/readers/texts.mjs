// Reads texts back with ical.js.
//
//   node texts.mjs < question.json > answer.json
//
// question: ["BEGIN:VCALENDAR...", ...]
// answer:   [[{"property": text, ...} for each VEVENT], ...]

import { readFileSync } from "node:fs";
import ICAL from "ical.js";

function texts(ics) {
  const calendar = new ICAL.Component(ICAL.parse(ics));
  return calendar
    .getAllSubcomponents("vevent")
    .map((vevent) =>
      Object.fromEntries(vevent.getAllProperties().map((property) => [property.name, String(property.getFirstValue())])),
    );
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(texts)));
