// What has arrived in this browser tab, by id. Put before the script of every component that brings or reads
// something: each script is a module of its own, so what they share hangs on the tab.
const store = (globalThis[Symbol.for("explorer.store")] ??= {
  held: new Map(), // id -> {bytes: Uint8Array, holders: number, picture?: Promise<ImageBitmap>, image?: Promise<HTMLImageElement>}
  arrivals: new EventTarget(),
});

/** Gives what is held under an id, now or when it arrives. */
async function whenHeld(id) {
  if (!store.held.has(id)) {
    await new Promise((resolve) => store.arrivals.addEventListener(id, resolve, { once: true }));
  }
  return store.held.get(id);
}

/** Gives a picture, decoded once however many components show it. */
async function whenPicture(id) {
  const found = await whenHeld(id);
  found.picture ??= createImageBitmap(new Blob([found.bytes], { type: "image/png" }));
  return found.picture;
}

/** Gives a picture as an element with an address, for backgrounds; decoded once too. */
async function whenImage(id) {
  const found = await whenHeld(id);
  found.image ??= (async () => {
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([found.bytes], { type: "image/png" }));
    await image.decode();
    return image;
  })();
  return found.image;
}

/** Gives numbers as a Float32Array. */
async function whenNumbers(id) {
  const { bytes } = await whenHeld(id);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Gives numbers as a Float64Array. */
async function whenDoubles(id) {
  const { bytes } = await whenHeld(id);
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}
