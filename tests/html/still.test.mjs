// The page where its script does not run, and on paper; and what keeps foreign text from becoming anything else.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { addressOf, launch, newContext } from "./browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const text = (sample) => readFileSync(fileURLToPath(addressOf(sample)), "utf8");

test("without its script, a page has its head, its failures and all results", async () => {
  const { context } = await newContext(browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(addressOf("forty"));
  assert.match(await page.locator("h1").textContent(), /3 of 40 suites failed/);
  assert.equal(await page.locator("article").count(), 3);
  assert.ok(await page.locator("pre").first().isVisible());
  assert.equal(await page.locator("tbody tr").count(), 40);
  await context.close();
});

test("on paper, a page has all results beside its timeline", async () => {
  const { context, troubles } = await newContext(browser);
  const page = await context.newPage();
  await page.goto(addressOf("forty"));
  await page.locator(".lanes svg").waitFor();
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".still tbody tr").last().isVisible());
  assert.ok(await page.locator(".lanes svg").isVisible());
  assert.ok(!(await page.locator("nav").isVisible()));
  assert.deepEqual(troubles, []);
  await context.close();
});

test("names and logs of any kind stay text", async () => {
  const { context, troubles } = await newContext(browser);
  const page = await context.newPage();
  await page.goto(addressOf("hostile"));
  const found = await page.evaluate(() => [document.images.length, document.scripts.length, suites[0].name, tails.flatMap((it) => it.lines).some((it) => String(it).includes("</script>"))]);
  assert.deepEqual(found, [0, 2, "</script><img src=x onerror=alert(0)>&'\"0", true]);
  assert.deepEqual(troubles, []);
  await context.close();
});

test("a page is no larger than it may be", () => {
  const page = text("none");
  assert.ok(Buffer.byteLength(page) < 120 * 1024, "the shell");
});

// The colours of a theme against its grounds, as WCAG 2.2 counts: 4.5 to 1 for text, 3 to 1 for marks.
for (const theme of ["light", "dark"]) {
  test(`the ${theme} palette can be read`, async () => {
    const { context } = await newContext(browser, { theme });
    const page = await context.newPage();
    await page.goto(addressOf("one"));
    const ratios = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement("span"));
      const light = (name) => {
        probe.style.color = name.startsWith("--") ? `var(${name})` : name;
        const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map((it) => it / 255);
        const [red, green, blue] = parts.map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const ratio = (a, b) => {
        const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
      };
      const kinds = ["passed", "cached", "flaky", "failed", "forgiven", "blocked", "skipped"].map((it) => `--${it}`);
      const result = [];
      for (const name of ["--text", "--muted", "--link", ...kinds]) {
        for (const ground of ["--ground", "--raised", "--sunken"]) result.push([`${name} on ${ground}`, ratio(name, ground), 4.5]);
      }
      for (const name of kinds) result.push([`--on-mark on ${name}`, ratio("--on-mark", name), 4.5]);
      result.push(["--edge on --ground", ratio("--edge", "--ground"), 3], ["--edge on --raised", ratio("--edge", "--raised"), 3]);
      return result;
    });
    const poor = ratios.filter(([, ratio, least]) => ratio < least);
    assert.deepEqual(poor, []);
    await context.close();
  });
}
