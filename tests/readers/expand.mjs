// Reads what confcal writes with the readers of Thunderbird and Nextcloud (ical.js) and of web apps
// (rrule-temporal).
//
//   node expand.mjs < question.json > answer.json
//
// question: [{"ics": "...", "windows": [[since, until], ...], "zone": name, "offsets": [[instant, offset], ...]}]
// answer:   [{"ical.js": [[start, end], ...], "rrule-temporal": [start, ...] or null}], in seconds since 1970
//
// rrule-temporal goes by Node's own time zone data; where that is older and contradicts `offsets` the answer is
// null.

import { readFileSync } from "node:fs";
import { Temporal } from "temporal-polyfill";
import ICAL from "ical.js";

globalThis.Temporal ??= Temporal;
const { RRuleTemporal } = await import("rrule-temporal");

const isIn = (windows, at) => windows.some(([since, until]) => since <= at && at < until);

function withIcalJs(ics, windows) {
  const calendar = new ICAL.Component(ICAL.parse(ics));
  // As an importer does: the zones of the file, and none that an earlier file left behind.
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(zone);
  }
  const end = windows.at(-1)[1];
  const found = [];
  for (const vevent of calendar.getAllSubcomponents("vevent")) {
    const event = new ICAL.Event(vevent);
    const starts = event.iterator();
    for (let start = starts.next(); start; start = starts.next()) {
      const at = start.toUnixTime();
      if (at >= end) break;
      if (isIn(windows, at)) {
        const { startDate, endDate } = event.getOccurrenceDetails(start);
        found.push([startDate.toUnixTime(), endDate.toUnixTime()]);
      }
      if (!event.isRecurring()) break;
    }
  }
  return found;
}

function isUpToDate(zone, offsets) {
  try {
    return offsets.every(([instant, offset]) => {
      const there = Temporal.Instant.fromEpochMilliseconds(instant * 1000).toZonedDateTimeISO(zone);
      return there.offsetNanoseconds === offset * 1e9;
    });
  } catch {
    return false;
  }
}

function withRruleTemporal(ics, windows) {
  // It reads DTSTART and RRULE alone and knows zones by their names.
  const lines = ics.replaceAll("\r\n ", "").split("\r\n");
  const vevent = lines.slice(lines.indexOf("BEGIN:VEVENT"));
  const rule = vevent.filter((line) => /^(DTSTART|RRULE)[;:]/.test(line)).join("\n");
  const series = new RRuleTemporal({ rruleString: rule });
  const starts = windows.flatMap(([since, until]) =>
    series.between(new Date(since * 1000), new Date(until * 1000 - 1), true),
  );
  return starts.map((start) => start.epochMilliseconds / 1000);
}

const questions = JSON.parse(readFileSync(0, "utf8"));
const answers = questions.map(({ ics, windows, zone, offsets }) => ({
  "ical.js": withIcalJs(ics, windows),
  "rrule-temporal": isUpToDate(zone, offsets) ? withRruleTemporal(ics, windows) : null,
}));
process.stdout.write(JSON.stringify(answers));
