// The shop's own script: the cart (in localStorage, so that every page is a real page load) and today's offer.
(() => {
  "use strict";
  const key = "birch-kettle-cart";
  const euros = (cents) => `€${(cents / 100).toFixed(2)}`;
  const all = (selector) => document.querySelectorAll(selector);

  /** The lines of the cart; a damaged or refused storage is an empty cart. */
  const load = () => {
    try {
      const lines = JSON.parse(localStorage.getItem(key) ?? "[]");
      return Array.isArray(lines) ? lines : [];
    } catch {
      return [];
    }
  };
  const save = (lines) => {
    try {
      localStorage.setItem(key, JSON.stringify(lines));
    } catch {
      // without storage the cart lasts as long as the page
    }
    show(lines);
  };

  const line = (item, lines) => {
    const li = document.createElement("li");
    const name = document.createElement("a");
    name.href = `/product/${encodeURIComponent(item.slug)}`;
    name.textContent = item.name;
    const count = document.createElement("span");
    count.textContent = `${item.count} × ${euros(item.cents)}`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "quiet";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove ${item.name}`);
    remove.addEventListener("click", () => save(lines.filter((other) => other.slug !== item.slug)));
    li.append(name, count, remove);
    return li;
  };

  const show = (lines) => {
    const count = lines.reduce((sum, item) => sum + item.count, 0);
    const cents = lines.reduce((sum, item) => sum + item.count * item.cents, 0);
    for (const badge of all("[data-cart-count]")) badge.textContent = String(count);
    for (const sum of all("[data-cart-sum]")) sum.textContent = euros(cents);
    for (const list of all("[data-cart-lines]")) list.replaceChildren(...lines.map((item) => line(item, lines)));
    for (const part of all("[data-cart-lines], [data-cart-total], [data-cart-go]")) part.hidden = count === 0;
    for (const part of all("[data-cart-empty]")) part.hidden = count > 0;
  };

  for (const form of all("form[data-add]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { add: slug, name, cents } = form.dataset;
      const count = Math.min(9, Math.max(1, Number(new FormData(form).get("count")) || 1));
      const lines = load();
      const old = lines.find((item) => item.slug === slug);
      if (old) old.count += count;
      else lines.push({ slug, name, cents: Number(cents), count });
      save(lines);
      for (const note of all("[data-added]")) note.textContent = `${name} is in your cart.`;
    });
  }

  const offers = ["Today: two cups for the price of one.", "Today: a tin of mint with every kettle.", "Free delivery from €50."];
  let next = 0;
  document.getElementById("promo")?.addEventListener("click", () => {
    const text = document.getElementById("promo-text");
    if (text) text.textContent = offers[next++ % offers.length];
  });

  if (document.querySelector("[data-clear-cart]")) save([]);
  show(load());
  window.addEventListener("storage", () => show(load()));
})();
