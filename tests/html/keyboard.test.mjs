// The page without a mouse: every view, every failure and every control is reached by keys alone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { addressOf, launch, newContext } from "./browser.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function open(sample, work) {
  const { context, troubles } = await newContext(browser);
  try {
    const page = await context.newPage();
    await page.goto(addressOf(sample));
    await work(page);
    assert.deepEqual(troubles, []);
  } finally {
    await context.close();
  }
}

const hash = (page) => page.evaluate(() => location.hash);
const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());
const current = (page) => page.locator("nav [aria-current]").textContent();

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

test("g and a letter lead to each view", () => open("forty", async (page) => {
  for (const [letter, title] of [["g", "Graph"], ["s", "Suites"], ["w", "What if"], ["f", "Flaky"], ["e", "Environment"], ["t", "Overview"]]) {
    await press(page, "g", letter);
    assert.equal(await current(page), title);
  }
}));

test("the filter takes words and is left by Escape; j, k and Enter walk the list", () => open("forty", async (page) => {
  await press(page, "/");
  await page.keyboard.type("storage lint");
  assert.equal(await page.locator("#view tbody tr").count(), 1);
  await press(page, "Escape", "j");
  const name = await focused(page);
  assert.match(name, /^storage-lint/);
  await press(page, "Enter");
  assert.equal(await hash(page), `#suite/${name}`);
  await press(page, "g", "s", "/");
  await page.keyboard.press("Control+a");
  await press(page, "Delete", "Escape", "j", "j", "j");
  const third = await focused(page);
  await press(page, "k");
  assert.notEqual(await focused(page), third);
  await press(page, "j");
  assert.equal(await focused(page), third);
}));

test("f goes through the failures, here and from page to page", () => open("all-failed", async (page) => {
  const names = await page.evaluate(() => failures.map((it) => it.name));
  assert.ok(names.length > 10);
  for (const name of names.slice(0, 8)) {
    await press(page, "f");
    assert.match(await focused(page), new RegExp(`^✗ ${name}`));
    assert.ok(await page.evaluate(() => document.activeElement.parentElement.open));
  }
  await page.evaluate(() => {
    location.hash = suiteLink(failures[0]);
  });
  await press(page, "f");
  assert.equal(await hash(page), `#suite/${names[1]}`);
}));

test("c hides and shows the critical path, and says so", () => open("forty", async (page) => {
  const path = page.locator(".critical").first();
  assert.ok(await path.isVisible());
  await press(page, "c");
  assert.ok(!(await path.isVisible()));
  assert.equal(await page.locator("#said").textContent(), "Critical path hidden");
  await press(page, "c");
  assert.ok(await path.isVisible());
}));

test("every key is a button as well", () => open("forty", async (page) => {
  await press(page, "?");
  const dialog = page.locator("dialog");
  assert.ok(await dialog.isVisible());
  const keys = await dialog.locator("li button").allTextContents();
  assert.deepEqual(keys, ["/", "j", "k", "Enter", "f", "g t", "g g", "g s", "g w", "g f", "g e", "c", "?"]);
  await dialog.getByRole("button", { name: "Flaky suites" }).click();
  assert.ok(!(await dialog.isVisible()));
  assert.equal(await current(page), "Flaky");
  await press(page, "?", "Escape");
  assert.ok(!(await dialog.isVisible()));
}));

// Tab alone, from the top to the end: whatever can be operated gets the focus once, and what has it can be seen.
test("the tabulator reaches everything that can be operated", () => open("forty", async (page) => {
  for (const view of ["timeline", "suites", "graph", "what-if", "flaky", "environment", "suite/storage-integration"]) {
    await page.evaluate((name) => {
      location.hash = name;
    }, view);
    await page.waitForFunction(() => routed === location.hash);
    const wanted = await page.evaluate(() => {
      document.activeElement.blur();
      getSelection().removeAllRanges();
      const all = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")];
      const open = all.filter((it) => it.checkVisibility() && it.tabIndex >= 0 && it.getClientRects().length > 0);
      open.forEach((it, place) => it.setAttribute("data-wanted", place));
      document.body.setAttribute("tabindex", "-1");
      document.body.focus();
      return open.length;
    });
    const reached = new Set();
    for (let step = 0; step < wanted + 5 && reached.size < wanted; step += 1) {
      await page.keyboard.press("Tab");
      const found = await page.evaluate(() => {
        const it = document.activeElement;
        const { outlineStyle } = getComputedStyle(it);
        return [it.getAttribute("data-wanted"), outlineStyle !== "none"];
      });
      if (found[0] !== null) {
        reached.add(found[0]);
        assert.ok(found[1], `${view}: the focus on ${await focused(page)} cannot be seen`);
      }
    }
    assert.equal(reached.size, wanted, view);
  }
}));

test("tables are sorted by their heads, and tabs are walked by arrows", () => open("forty", async (page) => {
  await press(page, "g", "s");
  const times = () => page.evaluate(() => [...document.querySelectorAll("#view tbody tr")].slice(0, 20).map((row) => byName.get(row.querySelector("a").textContent).ran));
  await page.getByRole("button", { name: "Time", exact: true }).press("Enter");
  const falling = await times();
  assert.deepEqual(falling, [...falling].sort((a, b) => b - a));
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
  await page.getByRole("button", { name: "Time", exact: true }).press("Enter");
  const rising = await times();
  assert.deepEqual(rising, [...rising].sort((a, b) => a - b));
  await page.evaluate(() => {
    location.hash = suiteLink(suites.find((it) => it.attempts.length === 2));
  });
  const second = page.getByRole("tab", { name: "Attempt 2" });
  await second.focus();
  await press(page, "ArrowLeft");
  assert.equal(await page.getByRole("tab", { name: "Attempt 1" }).getAttribute("aria-selected"), "true");
  assert.match(await page.getByRole("tabpanel").textContent(), /exit code 1/);
}));

test("two thousand suites come piece by piece", () => open("many", async (page) => {
  await press(page, "g", "s");
  const rows = page.locator("#view tbody tr");
  assert.equal(await rows.count(), 100);
  await page.getByRole("button", { name: /Show 100 more rows/ }).press("Enter");
  assert.equal(await rows.count(), 200);
  // The focus stands on the first of those that came.
  assert.equal(await focused(page), await rows.nth(100).locator("a").textContent());
}));
