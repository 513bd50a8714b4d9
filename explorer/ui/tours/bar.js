// The link for the class is that of the view as it is when somebody reaches for it, and the arrow keys go on and back
// where nothing else on the page wants them.
if (!window.explorerTour) {
  window.explorerTour = true;
  const follow = (event) => {
    const link = event.target.closest?.("a.for_the_class");
    if (!link) return;
    const address = new URL(location.href);
    for (const key of ["tour", "step", "present"]) address.searchParams.delete(key);
    address.searchParams.set("ask", "true");
    link.href = address.href;
    link.target = "_blank";
  };
  for (const each of ["pointerover", "focusin"]) document.addEventListener(each, follow);
  const ways = { ArrowLeft: ".st-key-tour_back a", ArrowRight: ".st-key-tour_on a" };
  document.addEventListener("keydown", (event) => {
    const free = event.target === document.body || event.target.closest?.(".st-key-tour a");
    if (!free || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    document.querySelector(ways[event.key])?.click();
  });
}
