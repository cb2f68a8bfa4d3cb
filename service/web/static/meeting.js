// The page is complete without this: a link to a meeting then shows it above the schedule, on a page of its own.
const dialog = document.createElement("dialog");
dialog.className = "meeting-dialog";
dialog.setAttribute("aria-labelledby", "meeting-title");
document.body.append(dialog);

async function show(address) {
  const response = await fetch(address, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = page.getElementById("meeting");
  if (!response.ok || !found) throw new Error("there is no such meeting any more");
  document.getElementById("meeting")?.remove();
  for (const button of found.querySelectorAll("[data-copy]")) button.hidden = false;
  dialog.replaceChildren(document.importNode(found, true));
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    dialog.close();
    return;
  }
  const link = event.target.closest('a[href$="#meeting"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link.href).catch(() => { location.href = link.href; });
});
