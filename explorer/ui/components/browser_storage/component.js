// One text in localStorage, by name. What was told of it is kept for the tab, since elements come and go.
const told = (globalThis[Symbol.for("explorer.storage")] ??= new Map()); // name -> {session, text, revision, refused}
const listening = new Map(); // parentElement -> listener

export default function ({ data, parentElement, setStateValue }) {
  const said = parentElement.querySelector(".said");
  if (said.textContent !== data.said) said.textContent = data.said;
  const look = () => compare(data, setStateValue);
  const changed = (event) => {
    if (event.key === data.name || event.key === null) look(); // null: everything was cleared
  };
  removeEventListener("storage", listening.get(parentElement));
  listening.set(parentElement, changed);
  addEventListener("storage", changed);
  look();
  return () => {
    removeEventListener("storage", listening.get(parentElement));
    listening.delete(parentElement);
  };
}

/** Tells the server of a text that it does not know, else stores what it has made of the one it knows. */
function compare(data, setStateValue) {
  const known = told.get(data.name);
  const tell = (text, refused) => {
    const revision = (known?.revision ?? 0) + 1;
    told.set(data.name, { session: data.session, text, revision, refused });
    setStateValue("stored", { text, revision, refused });
  };
  let text = "";
  try {
    text = localStorage.getItem(data.name) ?? "";
  } catch {
    if (known?.session !== data.session) tell("", true);
    return;
  }
  if (known?.session !== data.session || known.text !== text) tell(text, false);
  else if (data.seen === known.revision && !known.refused && data.text !== null && data.text !== text) {
    try {
      localStorage.setItem(data.name, data.text);
      known.text = data.text;
    } catch {
      tell(text, true); // full, or not to be written to
    }
  }
}
