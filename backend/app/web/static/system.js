// The system page's buttons: each asks the API for what it says, and shows the page anew. No module:
// it is there before the first button is.

async function press(button) {
  const { ask, method, path } = button.dataset;
  const options = { method };
  if (ask) {
    const words = window.prompt(ask);
    if (words === null) return;
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify({ words });
  }
  button.disabled = true;
  const answer = await fetch(`/api/v1/system${path}`, options);
  if (answer.ok || answer.status === 401) {
    location.reload();
    return;
  }
  button.disabled = false;
  tell((await answer.json()).detail);
}

function tell(words) {
  const trouble = document.getElementById("trouble");
  trouble.textContent = words;
  trouble.hidden = false;
}

// One listener for all: the list of workers, with its buttons, is written anew now and then.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("button[data-path]");
  if (button) press(button).catch((error) => {
    button.disabled = false;
    tell(`Cannot reach a6hub: ${error.message}`);
  });
});
