// How many SMS is each text, by two counters of other people? Reads a JSON list of texts, writes a list of pairs.
const { SegmentedMessage } = require("sms-segments-calculator");
const split = require("split-sms").split;
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const count = (text) => [split(text, { supportShiftTables: false }).parts.length, new SegmentedMessage(text).segmentsCount];
process.stdout.write(JSON.stringify(texts.map(count)));
