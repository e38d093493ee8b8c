// Lists that keep themselves up to date: the page is asked for anew, and what is marked data-live is
// put in the place of what is shown. So the server alone writes them, and all text in it is text.

const EVERY = 5000; // milliseconds

const shown = new WeakMap(); // place -> what the server wrote there
let asking = false;

async function renew() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch(location.href);
    if (answer.redirected) location.reload(); // to the log-in
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    localTimes(page);
    for (const place of document.querySelectorAll("[data-live]")) put(place, page.getElementById(place.id));
    tell("");
  } catch {
    tell("a6hub does not answer; this may be out of date.");
  } finally {
    asking = false;
  }
}

function put(place, fresh) {
  if (!fresh || fresh.innerHTML === shown.get(place) || isSelectedIn(place) || isPressed(place)) return;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const across = place.querySelector(".scroll")?.scrollLeft;
  shown.set(place, fresh.innerHTML);
  place.replaceChildren(...fresh.childNodes);
  if (across) place.querySelector(".scroll")?.scrollTo({ left: across });
  if (focused) twin(place, focused)?.focus();
}

// Text that is selected, to be copied, stays.
function isSelectedIn(place) {
  const selection = getSelection();
  return !selection.isCollapsed && place.contains(selection.anchorNode);
}

// What is pressed has to be there when it is let go of: else that is no click.
function isPressed(place) {
  return place.matches(":active");
}

// What leads to the same, or does the same, as what had the focus.
function twin(place, { tagName, href, dataset }) {
  return [...place.querySelectorAll(tagName)].find((one) => one.href === href && one.dataset.path === dataset.path);
}

const words = document.createElement("p");
words.className = "error";
words.setAttribute("role", "status");
for (const place of document.querySelectorAll("[data-live]")) shown.set(place, place.innerHTML);
document.querySelector("[data-live]").before(words);

function tell(text) {
  if (words.textContent !== text) words.textContent = text;
}

setInterval(renew, EVERY);
document.addEventListener("visibilitychange", renew);
