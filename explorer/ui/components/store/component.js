// Keeps one picture or array for as long as this element is on the page. Shows nothing itself.
const mounted = new Map(); // parentElement -> id

function hold(id, bytes) {
  const found = store.held.get(id);
  if (found) {
    found.holders += 1;
    return;
  }
  store.held.set(id, { bytes, holders: 1 });
  store.arrivals.dispatchEvent(new Event(id));
}

function release(id) {
  const found = store.held.get(id);
  if (!found) return;
  found.holders -= 1;
  if (found.holders > 0) return;
  store.held.delete(id);
  found.image?.then(({ src }) => URL.revokeObjectURL(src));
}

export default function ({ data, parentElement }) {
  const id = new TextDecoder().decode(data.subarray(0, 16));
  const previous = mounted.get(parentElement);
  if (previous !== id) {
    hold(id, data.slice(16)); // a copy, so that it starts where an array of numbers may
    if (previous) release(previous);
    mounted.set(parentElement, id);
  }
  return () => {
    release(mounted.get(parentElement));
    mounted.delete(parentElement);
  };
}
