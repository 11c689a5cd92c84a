// Draws each figure when it comes into view, in the colours of the page.
(() => {
  const style = () => getComputedStyle(document.documentElement);
  const coloured = (value, colours) => {
    if (typeof value === "string") return value[0] === "@" ? colours(value) : value;
    if (Array.isArray(value)) {
      return typeof value[0] === "number" ? value : value.map((v) => coloured(v, colours));
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, v]) => [key, coloured(v, colours)]));
    }
    return value;
  };
  const plots = [...document.querySelectorAll(".plot")];
  const figures = new Map(plots.map((plot) => {
    const script = plot.querySelector("script");
    script.remove();
    return [plot, script.textContent];
  }));
  const drawn = new Set();
  const draw = (plot) => {
    const now = style();
    const figure = coloured(JSON.parse(figures.get(plot)), (name) =>
      now.getPropertyValue(`--${name.slice(1)}`).trim());
    figure.layout.font.family = getComputedStyle(document.body).fontFamily;
    drawn.add(plot);
    Plotly.react(plot, figure.data, figure.layout, {
      responsive: true, displaylogo: false, displayModeBar: "hover",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    });
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && !drawn.has(target)) draw(target);
    }
  }, { rootMargin: "300px" });
  // What stands on the first screen need not wait for the watcher.
  const isAtHand = (plot) => plot.checkVisibility()
    && plot.getBoundingClientRect().top < innerHeight;
  plots.forEach((plot) => {
    if (isAtHand(plot)) draw(plot);
    watcher.observe(plot);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));
  // A link to a sample or a firing opens it; printing opens and draws everything.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  const closed = new Set();
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((part) => {
      closed.add(part);
      part.open = true;
    });
    plots.forEach((plot) => { if (!drawn.has(plot)) draw(plot); });
  });
  addEventListener("afterprint", () => {
    closed.forEach((part) => { part.open = false; });
    closed.clear();
  });
  reveal();
})();
