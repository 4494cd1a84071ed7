import { Widget, type PageApi } from "./widget.ts";

declare global {
  interface Window {
    Parlour?: PageApi;
  }
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.Parlour) {
  const origin = new URL(script.src).origin;
  const site = script.dataset["site"] ?? "";
  const color = script.dataset["color"] ?? "";
  const begin = (): void => {
    const widget = new Widget(origin, site, color);
    window.Parlour = {
      open: () => widget.open(),
      close: () => widget.close(),
      identify: (token) => widget.identify(token),
      reset: () => widget.reset(),
    };
  };
  // An async script may run before there is a body to hang on.
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin, { once: true });
  else begin();
}
