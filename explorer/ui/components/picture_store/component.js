// Keeps one picture for as long as this element is on the page. Shows nothing itself.
const mounted = new Map(); // parentElement -> id

function hold(id, png) {
  const found = pictures.held.get(id);
  if (found) {
    found.holders += 1;
    return;
  }
  pictures.held.set(id, { bitmap: createImageBitmap(new Blob([png], { type: "image/png" })), holders: 1 });
  pictures.arrivals.dispatchEvent(new Event(id));
}

function release(id) {
  const found = pictures.held.get(id);
  if (!found) return;
  found.holders -= 1;
  if (found.holders === 0) pictures.held.delete(id);
}

export default function ({ data, parentElement }) {
  const id = new TextDecoder().decode(data.subarray(0, 16));
  const previous = mounted.get(parentElement);
  if (previous !== id) {
    hold(id, data.slice(16));
    if (previous) release(previous);
    mounted.set(parentElement, id);
  }
  return () => {
    release(mounted.get(parentElement));
    mounted.delete(parentElement);
  };
}
