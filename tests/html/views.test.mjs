// Every view of every sample in both themes: nothing to complain about for axe, nothing on the console, no request, no breach
// of the policy. A screenshot of each is left to look at.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { addressOf, launch, newContext, screenshots } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const samples = ["none", "one", "forty", "many", "all-failed", "right-to-left", "hostile"];
const views = ["timeline", "suites", "graph", "what-if", "flaky", "environment", "suite"];
const themes = ["light", "dark"];
// The narrowest screen that has to do; the samples differ in their data, which one of them stands for.
const narrow = ["forty", "hostile", "right-to-left"];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const theme of themes) {
  for (const sample of samples) {
    test(`${sample}, ${theme}`, () => look(sample, theme, 1400));
  }
  for (const sample of narrow) {
    test(`${sample}, ${theme}, 320 pixels wide`, () => look(sample, theme, 320));
  }
}

async function look(sample, theme, width) {
  const { context, troubles } = await newContext(browser, { theme, width });
  try {
    const page = await context.newPage();
    await page.goto(addressOf(sample));
    for (const view of views) {
      if (!(await show(page, view))) continue;
      // The newest failure, the tables under charts and the like are part of a view.
      await page.evaluate(() => document.querySelectorAll("#view details").forEach((it, place) => {
        if (place < 8) it.open = true;
      }));
      // Charts are drawn once their width is known.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const name = `${sample}-${view}-${theme}-${width}.png`;
      await page.screenshot({ path: join(screenshots, name), fullPage: true });
      assert.deepEqual(await findFaults(page), [], `axe, ${view}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${view} is ${overflow} pixels wider than the screen`);
    }
    assert.deepEqual(troubles, []);
  } finally {
    await context.close();
  }
}

// Returns whether there is such a view.
async function show(page, view) {
  if (view !== "suite") {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, view);
  } else {
    const hash = await page.evaluate(() => {
      const wanted = suites.find((it) => it.kind === "failed" && it.attempts.length > 0) ?? suites[0];
      if (wanted) location.hash = suiteLink(wanted);
      return wanted && location.hash;
    });
    if (!hash) return false;
  }
  await page.waitForFunction(() => routed === location.hash);
  return true;
}

async function findFaults(page) {
  // What only paper shows is looked at on its own.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await axe.run({ exclude: [".still"] }, { resultTypes: ["violations"] });
    return violations.map((it) => `${it.id}: ${it.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
  });
}
