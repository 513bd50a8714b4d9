// One entry in the browser's history for each page that is opened. Streamlit adds one for every query parameter that
// the server writes; what stays on a page writes over that page's entry instead, as Streamlit's own controls do.
if (!window.explorerKeepsHistory) {
  window.explorerKeepsHistory = true;
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  const isHere = (url) => new URL(url, location.href).pathname === location.pathname;
  // On a busy machine the next page's parameters arrive while the address is still this page's. It is left as it was at
  // the click that leads away, or as a control has written it since.
  let left = location.href;
  addEventListener("click", () => (left = location.href), { capture: true });
  history.replaceState = (state, title, url) => {
    replace(state, title, url);
    left = location.href;
  };
  history.pushState = (state, title, url) => {
    if (isHere(url)) replace(state, title, url);
    else {
      if (isHere(left)) replace(history.state, title, left);
      push(state, title, url);
      document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0); // a link may stand at a page's end
    }
  };
}
