// The page is complete without this: it only follows what happens.
const main = document.querySelector("[data-live]");
const status = document.querySelector("[data-live-status]");
const said = document.querySelector("[data-live-said]");
const EACH_MINUTE = 60000;
let opened = false;
let heardAt = 0;
let renewing = false;
let again = false;

function busy(part) {
  const active = document.activeElement;
  return part.contains(active) && active.matches("input, select, textarea");
}

function replace(part, fresh) {
  const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
  const ticked = [...part.querySelectorAll("input:checked")].map((box) => box.id);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const place = focused ? [...part.querySelectorAll(focused.tagName)].indexOf(focused) : -1;
  const address = focused?.getAttribute("href");
  for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  for (const button of fresh.querySelectorAll("[data-copy]")) button.hidden = false;
  if (fresh.isEqualNode(part)) return;
  part.replaceWith(fresh);
  for (const id of ticked) fresh.querySelector(`#${CSS.escape(id)}`)?.click();
  if (place < 0) return;
  const same = address && fresh.querySelector(`a[href="${CSS.escape(address)}"]`);
  (same || fresh.querySelectorAll(focused.tagName)[place])?.focus({ preventScroll: true });
}

function tell(page) {
  const known = document.querySelector("[data-entries]")?.dataset.entries;
  const now = page.querySelector("[data-entries]")?.dataset.entries;
  if (!said || !now || now === known) return;
  // Emptied first: the same words twice are announced once otherwise.
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = said.dataset.updated; });
}

async function renew() {
  // Nobody sees a page in the background; it is renewed when somebody comes back.
  if (document.hidden) return;
  again = true;
  if (renewing) return;
  renewing = true;
  while (again) {
    again = false;
    try {
      const response = await fetch(location.pathname + location.search, { cache: "no-store" });
      // The address leads elsewhere or nowhere now: the page that says so is shown.
      if (response.redirected || response.status === 404 || response.status === 410) return location.reload();
      if (!response.ok) break;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      tell(page);
      for (const part of document.querySelectorAll("[data-live-part]")) {
        const fresh = page.getElementById(part.id);
        if (fresh && !busy(part)) replace(part, document.importNode(fresh, true));
      }
    } catch {
      break;
    }
  }
  renewing = false;
}

function mark(word) {
  if (status) status.textContent = status.dataset[word];
}

let events = null;

// A browser has six connections to a server over HTTP/1.1: a page in the background holds none of them.
function follow() {
  if (document.hidden) {
    events?.close();
    events = null;
    return;
  }
  if (events) return;
  events = new EventSource(main.dataset.live || `${location.pathname}/live`);
  events.addEventListener("open", () => {
    mark("on");
    heardAt = Date.now();
    // A page for everybody is fresh when it has just been loaded.
    if (opened || main.dataset.live) renew();
    opened = true;
  });
  events.addEventListener("changed", () => {
    heardAt = Date.now();
    renew();
  });
  events.addEventListener("error", () => mark("off"));
}

follow();
// A stream may be refused, cut or held back by a proxy: a page for everybody then looks by itself.
if (!main.dataset.live) {
  setInterval(() => {
    if (Date.now() - heardAt > 1.5 * EACH_MINUTE) renew();
  }, EACH_MINUTE);
}
document.addEventListener("visibilitychange", () => {
  follow();
  renew();
});
