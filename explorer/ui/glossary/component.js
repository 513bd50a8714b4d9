// Underlines every term where the page uses it first and explains it there, and lists them all at the page's end for
// those who use no pointer. The page's own nodes stay untouched: the underlines are a highlight over ranges of text.

const PAUSE = 250; // milliseconds of quiet before a changed page is read again
const SKIPPED = "h1, button, a, input, textarea, code, pre, svg, .katex, [role=tab], [data-testid=stFullScreenFrame]";

const glossaries = new WeakMap(); // parentElement -> Glossary

export default function ({ data, parentElement }) {
  let glossary = glossaries.get(parentElement);
  if (!glossary || !glossary.list.isConnected) {
    glossary?.stop();
    glossary = new Glossary(parentElement);
    glossaries.set(parentElement, glossary);
  }
  glossary.learn(...data);
  return () => glossary.stop();
}

class Glossary {
  constructor(parent) {
    this.list = parent.querySelector(".glossary");
    this.tip = parent.querySelector(".meaning");
    this.page = document.querySelector('[data-testid="stMain"]');
    this.found = []; // {name, meaning, range}, each term once
    this.observer = new MutationObserver(() => this.readSoon());
    this.point = (event) => this.answer(event);
    this.hide = () => (this.tip.hidden = true);
  }

  learn(pattern, meanings) {
    this.pattern = new RegExp(pattern, "giu");
    this.meanings = new Map(Object.entries(meanings)); // by name in small letters: [best name, meaning]
    this.observer.observe(this.page, { childList: true, subtree: true, characterData: true });
    for (const kind of ["pointermove", "click"]) this.page.addEventListener(kind, this.point, { passive: true });
    for (const kind of ["scroll", "pointerleave"]) this.page.addEventListener(kind, this.hide, { passive: true });
    this.readSoon();
  }

  stop() {
    this.observer.disconnect();
    for (const kind of ["pointermove", "click"]) this.page.removeEventListener(kind, this.point);
    for (const kind of ["scroll", "pointerleave"]) this.page.removeEventListener(kind, this.hide);
    clearTimeout(this.waiting);
    globalThis.CSS?.highlights?.delete("glossary");
  }

  readSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.read(), PAUSE);
  }

  read() {
    this.found = [];
    const known = new Set();
    const texts = document.createTreeWalker(this.page, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const parent = node.parentElement;
      if (node.data.length < 3 || parent.closest(SKIPPED) || !parent.checkVisibility()) continue;
      for (const match of node.data.matchAll(this.pattern)) {
        const [name, meaning] = this.meanings.get(match[1].toLowerCase());
        if (known.has(name)) continue;
        known.add(name);
        const range = new StaticRange({
          startContainer: node,
          startOffset: match.index,
          endContainer: node,
          endOffset: match.index + match[0].length,
        });
        this.found.push({ name, meaning, range });
      }
    }
    globalThis.CSS?.highlights?.set("glossary", new Highlight(...this.found.map(({ range }) => range)));
    this.write();
  }

  /** The list at the end of the page. */
  write() {
    const sorted = [...this.found].sort((one, other) => one.name.localeCompare(other.name, "en"));
    const text = sorted.map(({ name }) => name).join();
    if (text === this.written) return; // what it writes is no news of the page
    this.written = text;
    this.list.hidden = !sorted.length;
    this.list.querySelector("summary").textContent = `Terms on this page (${sorted.length})`;
    const rows = sorted.flatMap(({ name, meaning }) => [element("dt", name), element("dd", meaning)]);
    this.list.querySelector("dl").replaceChildren(...rows);
  }

  answer({ clientX, clientY }) {
    const here = this.found.find(({ range }) => covers(range, clientX, clientY));
    if (!here) {
      this.tip.hidden = true;
      return;
    }
    this.tip.replaceChildren(element("strong", here.name), document.createTextNode(`: ${here.meaning}`));
    this.tip.hidden = false;
    const { width, height } = this.tip.getBoundingClientRect();
    const room = 8;
    const below = clientY + 18 + height < innerHeight;
    this.tip.style.left = `${Math.max(room, Math.min(clientX - 12, innerWidth - width - room))}px`;
    this.tip.style.top = `${below ? clientY + 18 : clientY - 12 - height}px`;
  }
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/** Whether a point of the screen lies on a term; nothing does where the page has since changed. */
function covers({ startContainer, startOffset, endOffset }, x, y) {
  if (!startContainer.isConnected || endOffset > startContainer.length) return false;
  const box = startContainer.parentElement.getBoundingClientRect();
  if (x < box.left || x > box.right || y < box.top || y > box.bottom) return false;
  const range = document.createRange();
  range.setStart(startContainer, startOffset);
  range.setEnd(startContainer, endOffset);
  return [...range.getClientRects()].some((part) => x >= part.left && x <= part.right && y >= part.top && y <= part.bottom);
}
