// A place on a ground that is moved by pointer, finger and arrow keys.

const AWAY = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * Moves a view's start by pointer and arrow keys, and settles it once it is let go.
 *
 * @param placeAt the place at pixels of the view's canvas
 * @param placeNow that of the start
 * @param keyStep how far an arrow key moves it
 */
function listenToDrags(view, placeAt, placeNow, keyStep) {
  const { canvas, start } = view;
  const moveThere = (event) => {
    const box = canvas.getBoundingClientRect();
    view.moveTo(placeAt(event.clientX - box.left, event.clientY - box.top));
  };
  const settle = () => view.asked?.startsWith("nothing") && view.settle();
  start.addEventListener("pointerdown", (event) => start.setPointerCapture(event.pointerId));
  start.addEventListener("pointermove", (event) => start.hasPointerCapture(event.pointerId) && moveThere(event));
  start.addEventListener("lostpointercapture", settle);
  canvas.addEventListener("click", (event) => {
    if (!view.data) return;
    moveThere(event);
    settle();
  });
  start.addEventListener("keydown", (event) => {
    const away = AWAY[event.key];
    if (!away || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = keyStep() * (event.shiftKey ? 5 : 1);
    view.moveTo(placeNow().map((value, axis) => value + by * away[axis]));
    event.preventDefault();
  });
  start.addEventListener("keyup", (event) => event.key in AWAY && settle());
}
