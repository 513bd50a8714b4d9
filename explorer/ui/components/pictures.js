// Pictures that have arrived in this browser tab, by id. Put before the script of every component that brings or
// shows one: each script is a module of its own, so what they share hangs on the tab.
const pictures = (globalThis[Symbol.for("explorer.pictures")] ??= {
  held: new Map(), // id -> {bitmap: Promise<ImageBitmap>, holders: number}
  arrivals: new EventTarget(),
});

/** Gives the decoded picture, now or when it arrives. */
function whenPicture(id) {
  const found = pictures.held.get(id);
  if (found) return found.bitmap;
  return new Promise((resolve) => {
    pictures.arrivals.addEventListener(id, () => resolve(pictures.held.get(id).bitmap), { once: true });
  });
}
