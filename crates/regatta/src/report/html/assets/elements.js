// Elements, made from names, attributes and children. Text always comes in as text and never as markup.

const SVG = "http://www.w3.org/2000/svg";

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((it) => it !== undefined && it !== null && it !== false));
  return element;
}

function el(name, attributes, ...children) {
  return build(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
  return build(document.createElementNS(SVG, name), attributes, children);
}

// A name may be written from right to left, and must not turn round what stands beside it.
function named(text) {
  return el("bdi", {}, text);
}

function mark(kind) {
  return el("span", { class: `mark ${kind}`, "aria-hidden": "true" }, KINDS[kind][0]);
}

function kindCell(kind) {
  return el("span", { class: `kind ${kind}` }, mark(kind), ` ${KINDS[kind][1]}`);
}

function suiteAnchor(suite, attributes) {
  return el("a", { href: suiteLink(suite), ...attributes }, named(suite.name));
}

function button(text, key, onclick, attributes) {
  const hint = key && el("kbd", { "aria-hidden": "true" }, key);
  return el("button", { type: "button", onclick, ...attributes }, text, hint);
}

// A choice of one among some buttons; calls `chosen` with each new one.
function choice(label, options, current, chosen) {
  const buttons = options.map(([value, text]) =>
    button(text, undefined, () => {
      buttons.forEach((it) => it.setAttribute("aria-pressed", String(it === buttons[options.findIndex(([other]) => other === value)])));
      chosen(value);
    }, { "aria-pressed": String(value === current) }));
  return el("span", { class: "choice", role: "group", "aria-label": label }, buttons);
}

// Content that is only made when it is first looked at.
function unfolding(title, make, attributes) {
  const details = el("details", attributes, el("summary", {}, title));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(make());
  });
  return details;
}

// Tabs of which one is open. `tabs` are pairs of a title and a function that makes the content.
function tabbed(label, tabs, open) {
  const panel = el("div", { role: "tabpanel", tabindex: "0" });
  const heads = tabs.map(([title], place) =>
    el("button", { type: "button", role: "tab", onclick: () => select(place) }, title));
  function select(place) {
    heads.forEach((head, index) => {
      head.setAttribute("aria-selected", String(index === place));
      head.tabIndex = index === place ? 0 : -1;
    });
    panel.setAttribute("aria-label", tabs[place][2]);
    panel.replaceChildren(tabs[place][1]());
  }
  const list = el("div", { role: "tablist", "aria-label": label, class: "bar-of-tools" }, heads);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = (heads.indexOf(document.activeElement) + step + heads.length) % heads.length;
    select(place);
    heads[place].focus();
  });
  select(open);
  return el("div", {}, list, panel);
}

// Says something to those who cannot see what changed.
function announce(text) {
  document.getElementById("said").textContent = text;
}
