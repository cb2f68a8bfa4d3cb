// Links to a part of what was one long page lead to the page that has the part now.
const moved = document.getElementById(location.hash.slice(1));
if (moved?.matches("[data-moved]")) location.replace(moved.href);
