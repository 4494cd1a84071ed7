/**
 * Accessible roles and names, computed inside a page. Only plain functions that know each other by name: their source
 * is sent into the document as it stands (see `rolesSource`), so nothing here may import or close over anything.
 */

/** A step as it travels into the page; expressions as source and flags. */
interface WireStep {
  by: "role" | "text";
  role?: string;
  name?: string | [string, string];
}

/** All elements below root in document order, through open shadow roots. */
function elementsBelow(root: Document | ShadowRoot | Element): Element[] {
  const found: Element[] = [];
  const visit = (node: Document | ShadowRoot | Element): void => {
    if (node instanceof Element && node.shadowRoot) visit(node.shadowRoot);
    for (const child of node.children) {
      found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}

/** Whether a person can see it: laid out, not hidden, not taken from assistive technology. */
function isVisible(element: Element): boolean {
  const box = element.getBoundingClientRect();
  if (box.width === 0 && box.height === 0 && getComputedStyle(element).display !== "contents") return false;
  if (getComputedStyle(element).visibility !== "visible") return false;
  let at: Element | null = element;
  while (at !== null) {
    if (at.getAttribute("aria-hidden") === "true" || at.hasAttribute("inert")) return false;
    const up: Node | null = at.assignedSlot ?? at.parentNode;
    at = up instanceof ShadowRoot ? up.host : up instanceof Element ? up : null;
  }
  return true;
}

/** The role of an <input> by its type. */
function inputRole(element: Element): string {
  const type = (element.getAttribute("type") ?? "text").toLowerCase();
  const known: Record<string, string> = {
    button: "button", submit: "button", reset: "button", image: "button", checkbox: "checkbox", radio: "radio",
    range: "slider", number: "spinbutton", search: "searchbox", hidden: "", file: "", color: "", date: "",
  };
  return known[type] ?? (element.hasAttribute("list") ? "combobox" : "textbox");
}

/** The ARIA role: the explicit one, else the element's own. */
function roleOf(element: Element): string {
  const explicit = element.getAttribute("role")?.trim().split(/\s+/)[0];
  if (explicit) return explicit;
  const tag = element.localName;
  if (tag === "input") return inputRole(element);
  if (tag === "a" || tag === "area") return element.hasAttribute("href") ? "link" : "";
  if (tag === "img") return element.getAttribute("alt") === "" ? "presentation" : "img";
  if (tag === "section" || tag === "form") return nameOf(element) === "" ? "" : tag === "form" ? "form" : "region";
  if (tag === "select") return element.hasAttribute("multiple") ? "listbox" : "combobox";
  const known: Record<string, string> = {
    button: "button", textarea: "textbox", h1: "heading", h2: "heading", h3: "heading", h4: "heading", h5: "heading", h6: "heading",
    dialog: "dialog", article: "article", main: "main", nav: "navigation", aside: "complementary", header: "banner", footer: "contentinfo",
    ul: "list", ol: "list", li: "listitem", table: "table", tr: "row", td: "cell", th: "columnheader", option: "option", progress: "progressbar",
    output: "status", fieldset: "group", details: "group", summary: "button", p: "paragraph", meter: "meter", hr: "separator",
  };
  return known[tag] ?? "";
}

/** The text of an element as it is named: visible text, alternatives of pictures, labels of controls inside. */
function textOf(node: Node): string {
  if (node instanceof Text) return node.data;
  if (!(node instanceof Element || node instanceof ShadowRoot)) return "";
  if (node instanceof Element) {
    if (node.getAttribute("aria-hidden") === "true" || node.localName === "style" || node.localName === "script") return "";
    if (getComputedStyle(node).display === "none") return "";
    const label = node.getAttribute("aria-label") ?? node.getAttribute("alt");
    if (label) return ` ${label} `;
  }
  const inside = node instanceof HTMLSlotElement ? node.assignedNodes({ flatten: true }) : [...(node instanceof Element && node.shadowRoot ? node.shadowRoot : node).childNodes];
  const text = inside.map((child) => textOf(child)).join("");
  return node instanceof Element && getComputedStyle(node).display !== "inline" ? ` ${text} ` : text;
}

function fold(text: string): string {
  return text.replace(/[\s\u200b\u00ad]+/g, " ").trim();
}

/** Text of the elements that an attribute names by id, within the element's own tree. */
function textByIds(element: Element, attribute: string): string {
  const root = element.getRootNode();
  if (!(root instanceof Document || root instanceof ShadowRoot)) return "";
  const ids = (element.getAttribute(attribute) ?? "").split(/\s+/).filter((id) => id !== "");
  return fold(ids.map((id) => { const other = root.getElementById(id); return other === null ? "" : textOf(other); }).join(" "));
}

/** The accessible name, by the order of the naming rules that matter in practice. */
function nameOf(element: Element): string {
  const referred = textByIds(element, "aria-labelledby");
  if (referred !== "") return referred;
  const label = fold(element.getAttribute("aria-label") ?? "");
  if (label !== "") return label;
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) {
    const named = fold([...(element.labels ?? [])].map((one) => textOf(one)).join(" "));
    if (named !== "") return named;
    if (element instanceof HTMLInputElement && /^(submit|button|reset)$/.test(element.type)) return fold(element.value);
    return fold(element.getAttribute("title") ?? element.getAttribute("placeholder") ?? "");
  }
  if (element.localName === "fieldset") return fold(textOf(element.querySelector("legend") ?? document.createTextNode("")));
  if (element.localName === "table") return fold(textOf(element.querySelector("caption") ?? document.createTextNode("")));
  if (element.localName === "img") return fold(element.getAttribute("alt") ?? element.getAttribute("title") ?? "");
  const fromContent = "button link heading cell columnheader rowheader checkbox radio switch option tab menuitem menuitemradio menuitemcheckbox treeitem row tooltip";
  const role = element.getAttribute("role") ?? (/^(section|form)$/.test(element.localName) ? "" : roleOf(element));
  const content = fromContent.split(" ").includes(role) ? fold(textOf(element)) : "";
  return content !== "" ? content : fold(element.getAttribute("title") ?? "");
}

/** Whether a name fits: whole for a string, anywhere for an expression. */
function fits(text: string, name: string | [string, string] | undefined): boolean {
  if (name === undefined) return true;
  return typeof name === "string" ? text === fold(name) : new RegExp(name[0], name[1]).test(text);
}

/** The innermost visible elements that a step finds below the given roots. */
function findStep(roots: (Document | Element)[], step: WireStep): Element[] {
  const all = [...new Set(roots.flatMap((root) => elementsBelow(root)))].filter((element) => isVisible(element));
  if (step.by === "role") return all.filter((element) => roleOf(element) === step.role && fits(nameOf(element), step.name));
  const skipped = new Set(["script", "style", "noscript", "title"]);
  const hits = all.filter((element) => !skipped.has(element.localName) && fits(fold(textOf(element)), step.name));
  return hits.filter((element) => !hits.some((other) => other !== element && element.contains(other)));
}

/** What the steps, one inside the other, find in this document; an outer step must find exactly one. */
export function findAll(steps: WireStep[]): Element[] {
  let roots: (Document | Element)[] = [document];
  for (const [i, step] of steps.entries()) {
    const found = findStep(roots, step);
    if (i < steps.length - 1 && found.length !== 1) throw new Error(`${found.length} elements match the outer ${step.role ?? "text"} ${JSON.stringify(step.name ?? "")}`);
    roots = found;
  }
  return roots.filter((root): root is Element => root instanceof Element);
}

/** A readable outline of the document: roles, names, values, and loose text, bounded to 200 lines. */
export function outline(): string {
  const lines: string[] = [];
  for (const element of elementsBelow(document)) {
    const role = roleOf(element);
    if (role === "" || role === "presentation" || !isVisible(element)) continue;
    const control = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
    const state = element.matches(":disabled") || element.getAttribute("aria-disabled") === "true" ? " (disabled)" : "";
    const value = control && element.type !== "password" && element.value !== "" ? ` = ${JSON.stringify(element.value)}` : "";
    const text = role === "listitem" || role === "paragraph" || role === "status" || role === "alert" ? ` : ${fold(textOf(element)).slice(0, 120)}` : "";
    lines.push(`${role} ${JSON.stringify(nameOf(element))}${value}${text}${state}`);
  }
  if (lines.length === 0) lines.push(`text: ${fold(textOf(document.body ?? document.createTextNode(""))).slice(0, 500)}`);
  return lines.length > 200 ? [...lines.slice(0, 200), `... and ${lines.length - 200} more`].join("\n") : lines.join("\n");
}

/** The document as text with open shadow roots and the values of form controls. */
export function deepHtml(): string {
  const parts = [document.documentElement.outerHTML];
  for (const element of elementsBelow(document)) {
    if (element.shadowRoot) parts.push(`<!-- shadow root of ${element.localName} -->`, element.shadowRoot.innerHTML);
    if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) parts.push(`<!-- value: ${element.value} -->`);
  }
  return parts.join("\n");
}

/** What has the focus in this document, or "" ("frame" when it is inside a frame). */
export function focusedHere(): string {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return "";
  return at.localName === "iframe" ? "frame" : `${roleOf(at) || at.localName} ${JSON.stringify(nameOf(at))}`;
}

/** The source of all of the above, to be put before an expression that uses it in a page. */
export const rolesSource = [elementsBelow, isVisible, inputRole, roleOf, textOf, fold, textByIds, nameOf, fits, findStep, findAll, outline, deepHtml, focusedHere]
  .map((fn) => fn.toString())
  .join("\n");
