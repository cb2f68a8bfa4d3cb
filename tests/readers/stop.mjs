// Reads what confcal writes with ical-expander, which stops after a number of steps through each series.
//
//   node stop.mjs < question.json > answer.json
//
// question: [{"ics": "...", "since": seconds, "until": seconds, "steps": number}]
// answer:   [{"topic": [start, ...]}], in seconds since 1970

import { readFileSync } from "node:fs";
import IcalExpander from "ical-expander";

const questions = JSON.parse(readFileSync(0, "utf8"));
const answers = questions.map(({ ics, since, until, steps }) => {
  const expander = new IcalExpander({ ics, maxIterations: steps });
  const { events, occurrences } = expander.between(new Date(since * 1000), new Date(until * 1000));
  const found = {};
  for (const { startDate, item, summary } of [...events, ...occurrences]) {
    (found[item?.summary ?? summary] ??= []).push(startDate.toUnixTime());
  }
  return found;
});
process.stdout.write(JSON.stringify(answers));
