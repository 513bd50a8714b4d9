// The view is built when its columns change and only marked anew when the selection does, so a rerun neither
// flickers nor moves the strip.

const LARGEST = 56; // CSS pixels of the longer side of a thumbnail
const SMALLEST = 18;
const LARGEST_COMPACT = 24; // while a map is looked at, below
const SMALLEST_COMPACT = 12;
const WIDEST_BAR = 74;

export default function ({ data, parentElement, setTriggerValue }) {
  const view = drawnIn(parentElement, ".view", View);
  view.send = (event) => setTriggerValue("click", event);
  view.update(data);
  return () => view.hideTip();
}

const writeShape = (shape) => shape.join("×");

class View {
  constructor(root) {
    this.root = root;
    this.strip = root.querySelector(".strip");
    this.tip = root.querySelector(".tip");
    this.drawn = null; // id of the picture that the maps are parts of
    this.built = null; // what the strip was built from
    this.first = true;
    this.clicked = false; // whether the map that comes next was chosen here
    this.connections = new Connections(this.strip);
    this.listen();
  }

  update({ picture, numbersId, classes, label, columns, probabilities, selected }) {
    this.strip.setAttribute("aria-label", label);
    const compact = selected !== null && selected[1] !== null;
    const plan = JSON.stringify([columns, probabilities, compact]);
    if (plan !== this.built) {
      this.build(columns, probabilities, compact);
      this.built = plan;
      this.drawn = null;
      this.counted = null;
    }
    if (picture !== this.drawn) this.draw(picture);
    if (numbersId !== this.counted) this.count(numbersId, classes);
    this.mark(selected);
    if (this.first && selected) this.reveal();
    this.first = false;
    if (compact && this.clicked) this.root.scrollIntoView({ block: "start", behavior: "smooth" });
    this.clicked = false;
  }

  /** Takes the logits and the kernels. */
  async count(numbersId, classes) {
    this.counted = numbersId;
    const numbers = await whenNumbers(numbersId);
    if (this.counted !== numbersId) return; // others were asked for meanwhile
    this.connections.numbers = numbers;
    this.connections.classes = classes;
    this.classes.receive(numbers.subarray(0, classes));
    const pointed = this.connections.shown ?? this.selectedThumb(); // a map may be pointed at before its kernels are here
    this.connections.shown = undefined;
    this.connections.show(pointed);
  }

  build(columns, probabilities, compact) {
    const scrolled = this.strip.scrollLeft;
    const focused = this.root.getRootNode().activeElement?.dataset.place;
    this.hideTip();
    this.root.classList.toggle("compact", compact);
    const [smallest, largest] = compact ? [SMALLEST_COMPACT, LARGEST_COMPACT] : [SMALLEST, LARGEST];
    const sides = columns.map((column) => Math.max(1, ...column.shape.slice(1)));
    const steps = Math.log2(Math.max(2, ...sides));
    const depths = Math.log2(Math.max(2, ...columns.map((column) => column.depth)) + 1);
    const parts = [];
    columns.forEach((column, index) => {
      if (index) parts.push(this.arrow(column.sources.includes(columns[index - 1].key)));
      const side = smallest + ((largest - smallest) * Math.log2(sides[index])) / steps;
      parts.push(this.column(column, Math.round(side), Math.log2(column.depth + 1) / depths));
    });
    if (columns.length && probabilities.length) parts.push(this.arrow(true));
    this.classes = new Classes(this.root.querySelector(".classes"), probabilities);
    this.strip.replaceChildren(...parts);
    this.connections.build(columns);
    this.strip.scrollLeft = scrolled;
    const stops = this.stops().flat();
    const again = stops.find((stop) => stop.dataset.place === focused);
    for (const stop of stops) stop.tabIndex = -1;
    if (again ?? stops[0]) (again ?? stops[0]).tabIndex = 0;
    if (focused !== undefined && again) again.focus({ preventScroll: true });
  }

  /** Between two columns; without a head where the second does not read the first. */
  arrow(read) {
    const arrow = element("span", "arrow", read ? "→" : "");
    arrow.setAttribute("aria-hidden", "true");
    return arrow;
  }

  column(column, side, depth) {
    const box = element("div", "column");
    box.classList.toggle("opens", column.opens);
    box.dataset.key = column.key;
    const shape = writeShape(column.shape);

    const header = this.stop(element("button", "header"), column, null, column.opens ? "open" : "select");
    header.append(element("span", "title", column.title.replaceAll(".", ".\u200b")), element("span", "kind", column.kind));
    header.append(element("span", "shape", shape));
    const facts = column.facts.map(([name, value]) => `${name} ${value}`).join(", ");
    const verb = column.opens ? "open the stage" : "select";
    header.setAttribute("aria-label", `${column.title}, ${column.kind}, ${shape}, ${facts}: ${verb}`);
    if (column.opens) header.setAttribute("aria-expanded", "false");

    const above = element("div", "above");
    if (column.closes) {
      const close = this.stop(element("button", "close", "◂ close"), column, null, "close");
      close.setAttribute("aria-label", `Close the stage of ${column.title}`);
      above.append(close);
    }
    const mark = element("div", "depth");
    const bar = element("span", "bar");
    bar.style.width = `${Math.max(3, WIDEST_BAR * depth)}px`;
    mark.append(element("span", "", `${column.depth} ch`), bar);
    above.append(mark);

    const thumbs = element("div", "thumbs");
    column.units.forEach((unit, index) => {
      const [x, y, width, height] = column.boxes[index];
      const name = `${column.title}, channel ${unit}, ${column.values[index]}`;
      const thumb = this.stop(element("button", "thumb"), column, unit, "select");
      thumb.setAttribute("aria-label", name);
      thumb.value = column.values[index];
      const map = element("span", "map");
      const longer = Math.max(width, height);
      const [across, down] = [width, height].map((cells) => Math.max(4, (side * cells) / longer));
      map.style.width = `${across}px`;
      map.style.height = `${down}px`;
      map.cut = { x: (x * across) / width, y: (y * down) / height, times: [across / width, down / height] };
      map.setAttribute("role", "img");
      map.setAttribute("aria-label", name);
      thumb.append(map);
      thumbs.append(thumb);
    });
    box.append(header, above, thumbs);
    return box;
  }

  /** Makes a button a stop of the arrow keys; its column and unit travel with it. */
  stop(button, column, unit, action) {
    button.type = "button";
    button.column = column;
    button.unit = unit;
    button.action = action;
    button.dataset.place = `${action === "close" ? "close" : "at"} ${unit ?? "header"} ${column.key}`;
    return button;
  }

  async draw(picture) {
    this.drawn = picture;
    const image = await whenImage(picture);
    if (this.drawn !== picture) return; // another picture was asked for meanwhile
    // Parts of one background: a canvas each would be a layer each, which the browser puts together for every frame.
    for (const map of this.strip.querySelectorAll(".map")) {
      const { x, y, times } = map.cut;
      const [width, height] = [image.naturalWidth * times[0], image.naturalHeight * times[1]];
      Object.assign(map.style, {
        backgroundImage: `url(${image.src})`,
        backgroundPosition: `${-x}px ${-y}px`,
        backgroundSize: `${width}px ${height}px`,
      });
    }
    this.strip.dataset.drawn = picture;
  }

  mark(selected) {
    const [key, unit] = selected ?? [null, null];
    for (const box of this.strip.querySelectorAll(".column")) {
      const here = box.dataset.key === key;
      box.classList.toggle("selected", here);
      for (const thumb of box.querySelectorAll(".thumb")) {
        const chosen = here && unit !== null && thumb.unit === unit;
        thumb.classList.toggle("selected", chosen);
        thumb.setAttribute("aria-pressed", String(chosen));
      }
    }
    this.connections.show(this.selectedThumb());
  }

  selectedThumb() {
    return this.strip.querySelector(".thumb.selected");
  }

  /** Scrolls the strip, and nothing else, so that the selected column is in its middle, unless it is in sight anyway. */
  reveal() {
    const box = this.strip.querySelector(".column.selected");
    if (!box) return;
    const off = box.getBoundingClientRect().left - this.strip.getBoundingClientRect().left;
    if (off >= 0 && off + box.clientWidth <= this.strip.clientWidth) return;
    this.strip.scrollLeft += off - (this.strip.clientWidth - box.clientWidth) / 2;
  }

  /** The stops of the arrow keys, column by column from top to bottom. */
  stops() {
    return [...this.strip.querySelectorAll(".column")].map((box) => [...box.querySelectorAll("button")]);
  }

  listen() {
    const over = (event) => event.target.closest?.(".column button");
    this.strip.addEventListener("click", (event) => {
      const button = over(event);
      if (!button) return;
      this.moveTo(button, false);
      if (button.action === "select") this.mark([button.column.key, button.unit]); // at once; the server follows
      this.hideTip(); // what opens is seen without it
      this.clicked = button.action === "select" && button.unit !== null;
      this.send({ column: button.column.key, unit: button.unit, action: button.action });
    });
    this.strip.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse" && over(event)) this.showTip(over(event));
    });
    this.strip.addEventListener("pointermove", (event) => {
      // Scrolling hides it, though the pointer may still be on the same map.
      if (event.pointerType === "mouse" && this.tip.hidden && over(event)) this.showTip(over(event));
    });
    this.strip.addEventListener("pointerout", (event) => {
      if (event.pointerType === "mouse") this.hideTip();
    });
    this.strip.addEventListener("focusin", (event) => {
      if (event.target.matches(".column button:focus-visible")) this.showTip(event.target);
    });
    this.strip.addEventListener("focusout", () => this.hideTip());
    this.strip.addEventListener("scroll", () => this.hideTip(), { passive: true });
    this.strip.addEventListener("keydown", (event) => this.steer(event));
  }

  steer(event) {
    if (event.key === "Escape") this.hideTip();
    const current = event.target.closest("button");
    const columns = this.stops();
    const x = columns.findIndex((stops) => stops.includes(current));
    if (x < 0) return;
    const y = columns[x].indexOf(current);
    const last = columns.length - 1;
    const goals = {
      ArrowUp: [x, y - 1],
      ArrowDown: [x, y + 1],
      ArrowLeft: [x - 1, y],
      ArrowRight: [x + 1, y],
      Home: [0, y],
      End: [last, y],
    };
    const goal = goals[event.key];
    if (!goal) return;
    event.preventDefault();
    const stops = columns[Math.min(last, Math.max(0, goal[0]))];
    this.moveTo(stops[Math.min(stops.length - 1, Math.max(0, goal[1]))], true);
  }

  moveTo(button, focus) {
    for (const stop of this.stops().flat()) stop.tabIndex = stop === button ? 0 : -1;
    if (!focus) return;
    button.scrollIntoView({ block: "nearest", inline: "nearest" });
    button.focus();
    requestAnimationFrame(() => this.showTip(button)); // after the scroll, which hides it
  }

  showTip(button) {
    const { column, unit } = button;
    const parts = [element("strong", "", column.title)];
    if (unit !== null) parts.push(element("span", "unit", `channel ${unit}: ${button.value}`));
    this.connections.show(unit === null ? this.selectedThumb() : button);
    this.light(column.key);
    if (unit !== null) parts.push(...this.writeReading(button));
    const list = element("dl");
    for (const [name, value] of [["shape", writeShape(column.shape)], ...column.facts]) {
      list.append(element("dt", "", name), element("dd", "", value));
    }
    parts.push(list);
    if (button.action === "open") parts.push(element("em", "", "Click to see its layers"));
    this.tip.replaceChildren(...parts);
    this.tip.hidden = false;
    const place = button.getBoundingClientRect();
    const { width, height } = this.tip.getBoundingClientRect();
    const room = 8;
    const right = place.right + room;
    const beside = right + width <= innerWidth - room;
    const under = place.bottom + room + height <= innerHeight ? place.bottom + room : place.top - room - height;
    const top = beside ? place.top : under; // never over the maps that are read, which stand to the left
    this.tip.style.left = `${Math.max(room, Math.min(right, innerWidth - width - room))}px`;
    this.tip.style.top = `${Math.max(room, Math.min(top, innerHeight - height - room))}px`;
  }

  writeReading(thumb) {
    const place = [...thumb.parentNode.children].indexOf(thumb);
    const said = thumb.column.reads.map((reading) => writeReads(reading, place)).filter(Boolean);
    const inside = thumb.column.facts.length && !said.length && thumb.column.opens;
    if (inside) said.push("Its layer lies inside the stage: open that to see what it reads");
    return said.map((text) => element("span", "reads", text));
  }

  /** Makes the branches that arrive at a column stand out. */
  light(key) {
    for (const path of this.connections.branches.children) path.classList.toggle("on", path.dataset.to === key);
  }

  hideTip() {
    this.tip.hidden = true;
    this.light(null);
    this.connections.show(this.selectedThumb());
  }
}
