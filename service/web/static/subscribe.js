// The page is complete without this: it remembers that somebody subscribed, and saves them to copy first.
document.addEventListener("click", (event) => {
  const copies = event.target.closest("[data-copies]");
  // The link opens beside this page, which goes on to write.
  if (copies) navigator.clipboard?.writeText(document.getElementById(copies.dataset.copies).value);
  if (event.target.closest("[data-subscribes]")) {
    document.cookie = `confcal_subscribed=1; path=${location.pathname}; max-age=31536000; samesite=lax`;
  }
});
