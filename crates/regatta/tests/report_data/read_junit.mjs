// Prints how many cases xunit-viewer would show of each JUnit file, by status. Run it where the package is installed.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const reader = resolve("node_modules/xunit-viewer/src/cli/parse.js");
const { default: parse } = await import(pathToFileURL(reader).href);

const told = [];
for (const path of process.argv.slice(2)) {
  const { suites } = await parse(await readFile(path, "utf8"));
  const counts = { tests: 0 };
  for (const suite of Object.values(suites)) {
    for (const test of Object.values(suite.tests)) {
      counts.tests += 1;
      counts[test.status] = (counts[test.status] ?? 0) + 1;
    }
  }
  told.push(counts);
}
process.stdout.write(JSON.stringify(told));
