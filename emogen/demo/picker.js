// The emotion picker of one field. Texts are read by the server (`reading`); here they are only shown and put together.
window.emogenPicker = (element, props, server, watch) => {
  "use strict";
  const {places, terms} = window.emogenWords;
  const MOST_PARTS = 4, MOST = 1.5, STEP = 0.05, GAP_S = 0.05, WAIT_MS = 250;
  const root = element.querySelector(".emo");
  let moments = [], chosen = 0, auto = false, written = null, asked = 0, timer = 0, fresh = true, pending = null;

  // -- elements ----------------------------------------------------------------------------------------------
  const make = (tag, attributes = {}, ...inside) => {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
      else if (value === true) one.setAttribute(name, "");
      else if (value !== false && value !== null) one.setAttribute(name, value);
    }
    one.append(...inside);
    return one;
  };
  const button = (text, onclick, more = {}) => make("button", {type: "button", onclick, ...more}, text);
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
  const shown = (x, digits = 3) => String(Number(x.toFixed(digits)));
  const now = () => moments[chosen];

  if (!document.getElementById("emo-terms")) {
    document.body.append(make("datalist", {id: "emo-terms"}, ...terms.map((t) => make("option", {value: t}))));
  }
  const thumb = make("div", {class: "emo-thumb", role: "slider", tabindex: 0, "aria-roledescription": "two-dimensional slider",
    "aria-label": `${props.title}: valence and arousal`, "aria-valuemin": -1, "aria-valuemax": 1});
  const words = places.map(({word, x, y}) => button(word, () => say(word), {
    class: "emo-word", tabindex: -1, style: `left:${100 * x}%;top:${100 * y}%`, "data-word": word}));
  const plane = make("div", {class: "emo-plane"},
    make("span", {class: "emo-axis up"}, "excited"), make("span", {class: "emo-axis down"}, "calm"),
    make("span", {class: "emo-axis left"}, "unpleasant"), make("span", {class: "emo-axis right"}, "pleasant"), ...words, thumb);
  const level = make("input", {type: "range", min: STEP, max: MOST, step: STEP, oninput: () => scale(Number(level.value))});
  const levelShown = make("output", {});
  const chips = make("ul", {class: "emo-chips", "aria-label": "Feelings in the mixture"});
  const add = make("input", {type: "text", list: "emo-terms", placeholder: "add a feeling", "aria-label": "Add a feeling",
    autocomplete: "off", onkeydown: (e) => e.key === "Enter" && (e.preventDefault(), mix()),
    oninput: (e) => e.inputType === "insertReplacementText" && mix()});
  const adder = button("Add", () => mix());
  const words2 = make("input", {type: "text", placeholder: "a trembling, hopeful whisper", "aria-label": "Describe the feeling in words",
    maxlength: 300, onkeydown: (e) => e.key === "Enter" && (e.preventDefault(), describe())});
  const line = make("div", {class: "emo-line"});
  const strip = make("div", {class: "emo-strip", hidden: true});
  const time = button("Change over time", () => (moments.length > 1 ? single() : another()), {"aria-expanded": "false"});
  const decide = button("The words decide", () => set(auto ? "neutral" : "auto"), {"aria-pressed": "false", hidden: !props.auto});
  const spec = make("input", {type: "text", class: "emo-spec", spellcheck: "false", autocomplete: "off", "aria-label": `${props.title}, as it is written`,
    oninput: () => {
      tell(spec.value);
      later();
    }});
  const meaning = make("p", {class: "emo-felt", "aria-live": "polite"});
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", props.title);
  root.append(
    make("div", {class: "emo-title"}, make("span", {}, props.title), decide),
    make("div", {class: "emo-body"}, plane, make("div", {class: "emo-side"},
      make("label", {class: "emo-level"}, make("span", {}, "Intensity"), level, levelShown),
      chips,
      make("div", {class: "emo-add"}, add, adder),
      make("div", {class: "emo-add"}, words2, button("Use", () => describe(), {"aria-label": "Use the description"})),
      make("div", {class: "emo-add"}, time))),
    strip, spec, meaning);

  // -- texts -------------------------------------------------------------------------------------------------
  const mixture = (moment) => moment.parts.map((p) => (p.amount === 1 ? p.text : `${p.text}:${shown(p.amount)}`)).join("+") || "neutral";
  const text = () => (moments.length === 1 && moments[0].t === 0 ? mixture(moments[0])
    : moments.map((m) => `${shown(m.t)}s${m.mark} ${mixture(m)}`).join("; "));
  const tell = (value) => {
    written = value;
    if (props.value !== value) props.value = value;
  };
  const set = (value) => {
    spec.value = value;
    tell(value);
    read(value);
  };
  const write = () => set(text());
  const later = () => {
    fresh = false;
    clearTimeout(timer);
    timer = setTimeout(() => read(spec.value), WAIT_MS);
  };
  // What is clicked right after typing is done to what was typed.
  const upon = (act) => async (...given) => {
    if (!fresh) await (pending ??= read(spec.value).finally(() => (pending = null)));
    act(...given);
  };
  const read = async (value) => {
    const ticket = ++asked;
    clearTimeout(timer);
    let found;
    try {
      found = await server.reading(value);
    } catch {
      found = {error: "the server does not answer"};
    }
    if (ticket !== asked) return;
    fresh = true;
    show(found);
  };
  const show = (found) => {
    meaning.classList.toggle("wrong", "error" in found);
    meaning.textContent = "error" in found ? `⚠ ${found.error}` : found.meaning;
    if ("error" in found) return;
    auto = Boolean(found.auto);
    moments = found.moments;
    chosen = clamp(chosen, 0, moments.length - 1);
    draw();
  };

  // -- what a visitor does -----------------------------------------------------------------------------------
  const strength = () => Math.max(0, ...now().parts.map((p) => p.amount));
  const say = upon((word) => {
    now().parts = [{text: word, amount: strength() || 1, label: word}];
    write();
  });
  const point = (v, a) => {
    // A point has no third axis: dominance is that of the words around it, the nearer the more.
    let sum = 0, d = 0;
    for (const {vad: [x, y, z]} of places) {
      const near = 1 / ((x - v) ** 2 + (y - a) ** 2 + 0.02);
      sum += near;
      d += near * z;
    }
    [v, a] = [clamp(v, -1, 1), clamp(a, -1, 1)];
    now().vad = [v, a, d / sum];
    now().parts = [{text: `vad(${shown(v, 2)},${shown(a, 2)},${shown(d / sum, 2)})`, amount: 1, label: "here"}];
    draw();
    spec.value = text();
    tell(spec.value);
    later();
    fresh = true; // the moments are as they are shown
  };
  const scale = upon((to) => {
    const from = strength();
    for (const part of now().parts) part.amount = from > 0 ? clamp((part.amount * to) / from, 0, MOST) : to;
    write();
  });
  const mix = upon(() => {
    const word = add.value.trim();
    if (!word || now().parts.length >= MOST_PARTS) return;
    add.value = "";
    now().parts.push({text: word, amount: now().parts.length ? 0.5 : 0.8, label: word});
    write();
  });
  const describe = upon(() => {
    const said = words2.value.trim();
    if (!said) return;
    words2.value = "";
    now().parts = [{text: `"${said.replace(/[\\"]/g, "\\$&")}"`, amount: strength() || 1, label: said}];
    write();
  });
  const another = upon((t = null) => {
    const last = moments[moments.length - 1];
    const at = t ?? last.t + 2;
    const before = moments.filter((m) => m.t < at).length;
    if (moments.some((m) => Math.abs(m.t - at) < GAP_S)) return;
    moments.splice(before, 0, {...structuredClone(moments[Math.max(before - 1, 0)]), t: at, mark: ""});
    chosen = before;
    write();
  });
  const single = upon(() => {
    moments = [{...now(), t: 0, mark: ""}];
    chosen = 0;
    write();
  });
  const remove = upon((i) => {
    if (moments.length < 2) return;
    moments.splice(i, 1);
    chosen = clamp(i - 1, 0, moments.length - 1);
    write();
  });
  const move = (i, t) => {
    const low = i > 0 ? moments[i - 1].t + GAP_S : 0;
    const high = i < moments.length - 1 ? moments[i + 1].t - GAP_S : Infinity;
    moments[i].t = Number(clamp(t, low, Math.max(low, high)).toFixed(2));
  };

  // -- drawing -----------------------------------------------------------------------------------------------
  const draw = () => {
    const moment = now(), [v, a] = moment.vad;
    root.classList.toggle("auto", auto);
    decide.setAttribute("aria-pressed", String(auto));
    thumb.style.left = `${50 + 50 * v}%`;
    thumb.style.top = `${50 - 50 * a}%`;
    thumb.setAttribute("aria-valuenow", shown(v));
    thumb.setAttribute("aria-valuetext", `${v < 0 ? "unpleasant" : "pleasant"} ${shown(Math.abs(v), 2)}, ${a < 0 ? "calm" : "excited"} ${shown(Math.abs(a), 2)}, ${moment.label}`);
    for (const word of words) word.classList.toggle("on", moment.parts.some((p) => p.text === word.dataset.word));
    level.value = strength();
    level.disabled = !moment.parts.length;
    levelShown.textContent = shown(strength(), 2);
    level.setAttribute("aria-valuetext", shown(strength()));
    drawChips(moment);
    const full = moment.parts.length >= MOST_PARTS;
    add.disabled = adder.disabled = full;
    drawStrip();
  };
  const drawChips = (moment) => {
    chips.replaceChildren(...moment.parts.map((part, i) => {
      const share = make("input", {type: "range", min: STEP, max: 1, step: STEP, "aria-label": `Share of ${part.label}`,
        oninput: (e) => (part.amount = Number(e.target.value), tell(spec.value = text())), onchange: () => write()});
      share.value = part.amount;
      return make("li", {class: "emo-chip"}, make("span", {title: part.text}, part.label), ...(moment.parts.length > 1 ? [share] : []),
        button("×", () => (moment.parts.splice(i, 1), write()), {"aria-label": `Remove ${part.label}`}));
    }));
  };
  let span = 4;
  const drawStrip = () => {
    const many = moments.length > 1;
    time.textContent = many ? "One feeling only" : "Change over time";
    time.setAttribute("aria-expanded", String(many));
    strip.hidden = !many;
    if (!many) return strip.replaceChildren();
    if (!held) span = Math.max(4, Math.ceil(moments[moments.length - 1].t * 1.15 + 0.2));
    const focus = strip.contains(document.activeElement) ? document.activeElement.dataset.moment : undefined;
    const x = (t) => (100 * t) / span;
    const area = make("div", {class: "emo-area"});
    area.innerHTML = `<svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true"><line x1="0" y1="20" x2="100" y2="20"/>`
      + `<polyline class="v" points="${curve(0)}"/><polyline class="a" points="${curve(1)}"/></svg>`;
    area.addEventListener("click", (e) => {
      if (e.target.closest(".emo-key")) return;
      const box = area.getBoundingClientRect();
      another(Number(((span * (e.clientX - box.left)) / box.width).toFixed(1)));
    });
    area.append(...moments.map((m, i) => make("div", {class: `emo-key${i === chosen ? " on" : ""}`, role: "slider", tabindex: 0,
      style: `left:${x(m.t)}%`, "data-moment": i, "aria-label": `Moment ${i + 1} of ${moments.length}`, "aria-valuemin": 0,
      "aria-valuemax": span, "aria-valuenow": m.t, "aria-valuetext": `${shown(m.t)} seconds, ${m.label}`,
      onkeydown: (e) => keyed(e, i), onpointerdown: (e) => grab(e, i, area), onfocus: () => i !== chosen && (chosen = i, draw())})));
    strip.replaceChildren(
      area, make("div", {class: "emo-scale", "aria-hidden": "true"}, ...Array.from({length: 5}, (_, i) => make("span", {}, `${shown((span * i) / 4, 1)} s`))),
      make("div", {class: "emo-add"}, make("span", {class: "emo-now"}, `At ${shown(now().t)} s: ${now().label}`),
        button("Add a moment", () => another()), button("Delete it", () => remove(chosen), {"aria-label": `Delete moment ${chosen + 1}`}),
        make("span", {class: "emo-legend"}, make("i", {class: "v"}), "valence ", make("i", {class: "a"}), "arousal")));
    if (focus !== undefined) area.querySelector(`[data-moment="${Math.min(focus, moments.length - 1)}"]`)?.focus();
  };
  const curve = (axis) => Array.from({length: 81}, (_, i) => {
    const t = (span * i) / 80, next = moments.findIndex((m) => m.t > t);
    const [to, from] = next < 0 ? [moments[moments.length - 1]] : [moments[next], moments[Math.max(next - 1, 0)]];
    const u = from && from !== to && to.mark !== "!" ? (t - from.t) / (to.t - from.t) : 0;
    const share = u * u * (3 - 2 * u), value = from ? from.vad[axis] + (to.vad[axis] - from.vad[axis]) * share : to.vad[axis];
    return `${(100 * i) / 80},${(20 - 18 * value).toFixed(2)}`;
  }).join(" ");

  // -- hands and keys ----------------------------------------------------------------------------------------
  let held = false;
  const keyed = (e, i) => {
    const by = {ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1, Home: -Infinity}[e.key];
    if (e.key === "Delete" || e.key === "Backspace") remove(i);
    else if (by !== undefined) (chosen = i, move(i, moments[i].t + by), write());
    else return;
    e.preventDefault();
  };
  const grab = (e, i, area) => {
    if (e.button) return;
    e.preventDefault();
    const box = area.getBoundingClientRect();
    held = true;
    chosen = i;
    draw();
    strip.setPointerCapture(e.pointerId); // the moments are drawn anew while one of them is moved
    strip.querySelector(`[data-moment="${i}"]`).focus();
    const follow = (e) => (move(i, (span * (e.clientX - box.left)) / box.width), tell(spec.value = text()), draw());
    const end = () => {
      held = false;
      window.removeEventListener("pointermove", follow);
      write();
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", end, {once: true});
    window.addEventListener("pointercancel", end, {once: true});
  };
  const place = upon((e) => {
    const box = plane.getBoundingClientRect();
    point((2 * (e.clientX - box.left)) / box.width - 1, 1 - (2 * (e.clientY - box.top)) / box.height);
  });
  plane.addEventListener("pointerdown", (e) => {
    if (e.button || e.target.closest(".emo-word")) return;
    e.preventDefault();
    thumb.focus();
    plane.setPointerCapture(e.pointerId);
    plane.onpointermove = place;
    if (e.target !== thumb) place(e);
  });
  for (const end of ["pointerup", "pointercancel"]) plane.addEventListener(end, () => (plane.onpointermove = null));
  thumb.addEventListener("keydown", (e) => {
    const by = (e.shiftKey ? 4 : 1) * STEP;
    const way = {ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by]}[e.key];
    if (!way) return;
    e.preventDefault();
    upon(() => point(now().vad[0] + way[0], now().vad[1] + way[1]))();
  });

  watch("value", () => {
    if (props.value === written) return;
    spec.value = written = props.value ?? "";
    read(written);
  });
  spec.value = written = props.value ?? "";
  show(props.first);
};
