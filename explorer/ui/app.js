// One entry in the browser's history for each page that is opened. Streamlit adds one for every query parameter that
// the server writes; what stays on a page writes over that page's entry instead, as Streamlit's own controls do.
if (!window.explorerKeepsHistory) {
  window.explorerKeepsHistory = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const stays = new URL(url, location.href).pathname === location.pathname;
    if (stays) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
