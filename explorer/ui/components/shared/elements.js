// Elements of a page and their text.

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never innerHTML: names of classes are not ours
  return made;
};

const put = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};
