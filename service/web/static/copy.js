// The page is complete without this; it only saves a selection by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const status = document.getElementById("copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      status.textContent = "Copied.";
    } catch {
      // Pages over plain http have no clipboard.
      status.textContent = "Selected: press Ctrl+C or ⌘C to copy.";
    }
  });
}
