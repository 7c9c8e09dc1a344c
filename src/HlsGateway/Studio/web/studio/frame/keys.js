/** One list of the keys that do something now: buttons show them, `?` lists them all. */
const owners = [];

/**
 * Keys of an element, for as long as it is on the page. The element that came last goes first.
 * @param {import("./element.js").StudioElement} owner
 * @param {Record<string, { does: string, run: (event: KeyboardEvent) => void, when?: () => boolean }>} keys by KeyboardEvent.key, with `Ctrl+`, `Alt+` or `Shift+` before it.
 */
function on(owner, keys) {
  const entry = { owner, keys };
  owners.unshift(entry);
  owner.gone.addEventListener("abort", () => owners.splice(owners.indexOf(entry), 1), { once: true });
}

function nameOf(event) {
  // A letter with Shift is told by Shift+ and its capital; signs such as ? are what they are on any keyboard.
  const letter = event.key.length === 1 && /\p{L}/u.test(event.key);
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && (letter || event.key.length > 1) ? "Shift+" : ""}${letter && event.shiftKey ? event.key.toUpperCase() : event.key}`;
}

/** Whether the key belongs to what has the focus: text that is being written, a menu, a media element. */
function isTaken(event, name) {
  const target = event.target;
  if (event.defaultPrevented || !(target instanceof Element)) return event.defaultPrevented;
  if (name.startsWith("Ctrl+") || name.startsWith("Alt+")) return false;
  if (target.closest("input:not([type=checkbox],[type=radio],[type=button],[type=file]), textarea, select, [contenteditable=true]") !== null) return true;
  if (["Enter", " "].includes(event.key)) return target.closest("button, a[href], summary, input, [role=option], [role=button]") !== null;
  return event.key.startsWith("Arrow") && target.closest("video, [role=listbox], [role=slider], [role=application], input[type=radio], [data-arrows]") !== null;
}

addEventListener("keydown", event => {
  const name = nameOf(event);
  if (isTaken(event, name) || document.querySelector("dialog[open]:not([data-keys])") !== null) return;
  for (const { keys } of owners) {
    const key = keys[name];
    if (key === undefined || key.when?.() === false) continue;
    event.preventDefault();
    key.run(event);
    return;
  }
});

/** What each key does now, the nearest meaning of each alone. */
function all() {
  const seen = new Map();
  for (const { keys } of owners) {
    for (const [name, key] of Object.entries(keys)) {
      if (!seen.has(name) && key.when?.() !== false) seen.set(name, key.does);
    }
  }
  return [...seen];
}

export const keys = { on, all };
