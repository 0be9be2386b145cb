// Amounts as people read them, in the same words as above the views. No line breaks between a number and its unit.

function duration(seconds) {
  if (seconds === undefined || seconds === null) return "";
  if (seconds === 0) return "0\u00a0s";
  if (seconds < 0.001) return "<\u00a01\u00a0ms";
  if (seconds < 0.0995) return `${(seconds * 1000).toFixed(0)}\u00a0ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)}\u00a0s`;
  if (seconds < 99.95) return `${seconds.toFixed(1)}\u00a0s`;
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor(whole / 60) % 60)}m`;
}

function bytes(count) {
  if (count === undefined || count === null) return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (count >= 1024 && place < units.length - 1) {
    count /= 1024;
    place += 1;
  }
  return `${place === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)}\u00a0${units[place]}`;
}

function percent(share, digits = 0) {
  return `${(share * 100).toFixed(digits)}\u00a0%`;
}

function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

function ratioWords(ratio) {
  if (ratio === undefined) return "";
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} ×`;
}

// The command that runs a suite alone, for a shell.
function aloneCommand(suite) {
  const name = /^[\w@%+=:,.\/-]+$/.test(suite.name) ? suite.name : `'${suite.name.replaceAll("'", "'\\''")}'`;
  return `${run.rerun} --suites ${name}`;
}

// What an attempt waited for, in words.
function waitWords(waits) {
  const sums = new Map();
  for (const [from, to, group] of waits) sums.set(group, (sums.get(group) ?? 0) + to - from);
  const parts = [...sums].map(([group, sum]) =>
    `${duration(sum)} for ${group < 0 ? "a slot" : `group ${groups[group].name}`}`);
  return parts.join(", ");
}

// The value below which a share of sorted values lies, between two of them where it has to be.
function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const low = Math.floor(place);
  const high = Math.ceil(place);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}
