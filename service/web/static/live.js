// The page is complete without this: it only follows what happens.
const main = document.querySelector("[data-live]");
const status = document.querySelector("[data-live-status]");
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
  for (const id of open) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  for (const button of fresh.querySelectorAll("[data-copy]")) button.hidden = false;
  if (fresh.isEqualNode(part)) return;
  part.replaceWith(fresh);
  for (const id of ticked) fresh.querySelector(`#${CSS.escape(id)}`)?.click();
  if (place >= 0) fresh.querySelectorAll(focused.tagName)[place]?.focus();
}

async function renew() {
  again = true;
  if (renewing) return;
  renewing = true;
  while (again) {
    again = false;
    try {
      const response = await fetch(location.pathname + location.search, { cache: "no-store" });
      if (response.redirected) return location.reload();
      if (!response.ok) break;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
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

const events = new EventSource(main.dataset.live);
events.addEventListener("open", () => { status.textContent = status.dataset.on; renew(); });
events.addEventListener("changed", renew);
events.addEventListener("error", () => { status.textContent = status.dataset.off; });
