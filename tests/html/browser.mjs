// A browser without a network, and what must never happen in it: a word on the console, a request, a breach of the policy.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const target = fileURLToPath(new URL("../../target/html-report/", import.meta.url));
const pages = join(target, "pages");
export const screenshots = join(target, "screenshots");
mkdirSync(screenshots, { recursive: true });

// Debian's name, then those of others. Without any of them the tests fail: nothing here is ever skipped.
const programs = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch() {
  const executablePath = programs.find((it) => it && existsSync(it));
  if (!executablePath) throw new Error("there is no Chromium; `make install-tools` installs it");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"] });
}

export function addressOf(sample, view = "") {
  const path = join(pages, `${sample}.html`);
  if (!existsSync(path)) throw new Error(`there is no ${path}; cargo run --example html_samples -- target/html-report/pages makes it`);
  return pathToFileURL(path).href + (view && `#${view}`);
}

// Opens pages under some conditions. `troubles` has all that must not have happened.
export async function newContext(browser, { theme = "light", width = 1400, height = 900, ...more } = {}) {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height }, offline: true, reducedMotion: "reduce", ...more });
  const troubles = [];
  context.on("request", (request) => {
    if (!request.isNavigationRequest() || !request.url().startsWith(pathToFileURL(pages).href)) troubles.push(`request: ${request.url()}`);
  });
  context.on("page", (page) => {
    page.on("console", (message) => troubles.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => troubles.push(`error: ${error.stack ?? error}`));
    page.on("dialog", (dialog) => {
      troubles.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  });
  await context.exposeBinding("__breach", (_, words) => troubles.push(`policy: ${words}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => window.__breach(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return { context, troubles };
}
