"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const items = [...document.querySelectorAll(".item")];
  const texts = items.map((item) => item.textContent.toLowerCase());
  const said = document.getElementById("found");
  const none = document.getElementById("none");
  const apply = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const modality = form.elements.modality.value;
    let n = 0;
    items.forEach((item, i) => {
      const fits = (!modality || item.dataset.modality === modality) && words.every((w) => texts[i].includes(w));
      item.hidden = !fits;
      n += fits;
    });
    said.textContent = n === items.length ? `${n} items` : `${n} of ${items.length} items`;
    none.hidden = n > 0;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.closest("a.same")) return;
    form.reset();
    apply();
  });
  document.addEventListener("play", (event) => {
    document.querySelectorAll("audio").forEach((other) => other !== event.target && other.pause());
  }, true);
  form.hidden = false;
  apply();
})();
