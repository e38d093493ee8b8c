"use strict";

// Times in the reader's own zone. The server writes them in UTC, which stays as their title. They are
// rewritten as they come into the page, before it is drawn, so nobody sees them change.

// A moment as '2026-01-31 09:05'.
function localTime(at) {
  const when = new Date(at), two = (number) => String(number).padStart(2, "0");
  const date = [when.getFullYear(), two(when.getMonth() + 1), two(when.getDate())].join("-");
  return `${date} ${two(when.getHours())}:${two(when.getMinutes())}`;
}

function localTimes(page) {
  for (const one of page.getElementsByTagName("time")) {
    // Of one that is still being read, the end of the text is not there yet.
    if (one.title || !one.textContent.endsWith(" UTC")) continue;
    one.title = one.textContent;
    one.textContent = localTime(one.dateTime);
  }
}

new MutationObserver(() => localTimes(document)).observe(document, { childList: true, subtree: true });
document.addEventListener("DOMContentLoaded", () => localTimes(document));
