const drawn = new WeakMap(); // parentElement -> {root, made}

/**
 * Gives the object that draws in an element: the one before while its root is still there, else a new one.
 *
 * @param leave what to do with one whose root is gone
 */
function drawnIn(parentElement, selector, Kind, leave) {
  const before = drawn.get(parentElement);
  if (before?.root.isConnected) return before.made;
  if (before) leave?.(before.made);
  const root = parentElement.querySelector(selector);
  const made = new Kind(root);
  drawn.set(parentElement, { root, made });
  return made;
}

/** Draws what the server gives an element, and lets what draws there `send` it something under a name. */
function keepDrawn({ data, parentElement, setTriggerValue }, selector, Kind, name) {
  const stop = (made) => {
    made.observer?.disconnect();
    made.pause?.();
  };
  const made = drawnIn(parentElement, selector, Kind, stop);
  made.send = (value) => setTriggerValue(name, value);
  made.update(data);
  return () => stop(made);
}

/** Puts the photo of `view.data` on the view's canvas once it has come, and says what it shows. */
async function showPhoto(view, isNew) {
  const { photo, canvas } = view;
  const { picture, alt } = view.data;
  photo.setAttribute("aria-label", alt);
  canvas.setAttribute("aria-label", alt);
  if (!isNew) return;
  const bitmap = await whenPicture(picture);
  if (view.data.picture !== picture) return; // another photo was chosen meanwhile
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  photo.style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  photo.dataset.drawn = picture;
}
