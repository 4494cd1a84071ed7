import { isButton, isWordy, scrubAttribute, scrubCss, scrubDeep, type AttributeValue, type Bearer } from "./attributes.ts";
import type { Echoes } from "./echoes.ts";
import { isElement, isMask, maskAll, maskText, type Cover, type Masking } from "./masking.ts";

/** A recorded node, as far as it matters here. */
export interface RecordedNode {
  type: number;
  id: number;
  tagName?: string;
  attributes?: Record<string, AttributeValue>;
  childNodes?: RecordedNode[];
  textContent?: string;
  isStyle?: true;
}

/** A recorded event. */
export interface RecordedEvent {
  type: number;
  timestamp: number;
  data: unknown;
}

/** The living nodes behind recorded ids; an id is -1 for a node that was not recorded. */
export interface Nodes {
  getNode(id: number): Node | null;
  getId(node: Node): number;
}

interface Mutation {
  source: 0;
  texts: { id: number; value: string | null }[];
  attributes: { id: number; attributes: Record<string, AttributeValue> }[];
  removes: unknown[];
  adds: { parentId: number; node: RecordedNode }[];
}

/** A change of a style sheet: of an element's, by id, or of one without an element, by styleId, which roots adopt. */
interface StyleChange {
  source: number;
  id?: number;
  styleId?: number;
  styleIds?: number[];
  set?: { property: string };
}

const eventType = { snapshot: 2, incremental: 3, meta: 4 } as const;
const nodeType = { element: 2, text: 3, cdata: 4, comment: 5 } as const;
const source = { mutation: 0, mouseMove: 1, mouse: 2, scroll: 3, resize: 4, input: 5, touchMove: 6, sheetRule: 8, drag: 12, styleDeclaration: 13, adopted: 15 } as const;
const positions: ReadonlySet<number> = new Set([source.scroll, source.resize]);
const pointers: ReadonlySet<number> = new Set([source.mouseMove, source.mouse, source.touchMove, source.drag]);
const styles: ReadonlySet<number> = new Set([source.sheetRule, source.styleDeclaration, source.adopted]);
/** Fields of which one does not type, but choose. */
const choices: ReadonlySet<string> = new Set(["radio", "checkbox"]);
/** Attributes that people read. */
const readable: ReadonlySet<string> = new Set(["alt", "label", "value"]);
/** Elements whose text is not page content. */
const silent: ReadonlySet<string> = new Set(["script", "noscript", "template", "object", "embed"]);

/** A Scrubber takes out of recorded events whatever may not leave the page. What it does not know, it drops. */
export class Scrubber {
  readonly #masking: Masking;
  readonly #nodes: Nodes;
  readonly #echoes: Echoes;
  /** Which nodes are masked, while one event is looked at: the page stands still that long. */
  #known = new Map<Node, Cover>();
  readonly #fields = new WeakSet<Element>();
  /** Texts that hold a part of a card number of which an event brought another part. */
  #others = new Set<Text>();
  /** Which roots have adopted a sheet, by its id; ids that the recorder gives a second time add to it. */
  readonly #adopters = new Map<number, Set<number>>();

  constructor(masking: Masking, nodes: Nodes, echoes: Echoes) {
    this.#masking = masking;
    this.#echoes = echoes;
    this.#nodes = nodes;
  }

  /** The event as it may be sent, or undefined. The event given is used up. */
  scrub(event: RecordedEvent): RecordedEvent | undefined {
    const { type, timestamp, data } = event;
    this.#known = new Map();
    this.#others = new Set();
    this.#echoes.look();
    if (type === eventType.meta) {
      const { href, width, height } = data as { href: string; width: number; height: number };
      return { type, timestamp, data: { href: bareAddress(href), width, height } };
    }
    if (type === eventType.snapshot) {
      const { node, initialOffset } = data as { node: RecordedNode; initialOffset: unknown };
      this.#echoes.whole();
      this.#tree(node, "");
      return { type, timestamp, data: { node, initialOffset } };
    }
    if (type !== eventType.incremental) return undefined;
    const change = this.#change(data as { source: number });
    return change && { type, timestamp, data: change };
  }

  #change(data: { source: number }): object | undefined {
    if (positions.has(data.source)) return data;
    if (pointers.has(data.source)) return this.#pointer(data);
    if (styles.has(data.source)) return this.#style(data);
    if (data.source === source.input) return this.#input(data as unknown as { id: number; text?: string; isChecked?: boolean });
    if (data.source === source.mutation) return this.#mutation(data as Mutation);
    return undefined;
  }

  /** A change of styles; of a sheet that a masked element has, or may have, without what may hold text. */
  #style(data: StyleChange): object | undefined {
    const masked = this.#stylesMasked(data);
    return masked && isWordy(data.set?.property ?? "") ? undefined : (scrubDeep(data, masked) as object);
  }

  #stylesMasked({ source: from, id, styleId, styleIds }: StyleChange): boolean {
    if (from === source.adopted && id !== undefined) {
      for (const one of styleIds ?? []) this.#adopters.set(one, (this.#adopters.get(one) ?? new Set()).add(id));
    }
    const owners = id === undefined ? [...(this.#adopters.get(styleId ?? -1) ?? [-1])] : [id];
    return owners.some((owner) => this.#covers(this.#nodes.getNode(owner)));
  }

  /** The value of a field, as a mask; what is chosen stays here. */
  #input(data: { id: number; text?: string; isChecked?: boolean }): object | undefined {
    const node = this.#nodes.getNode(data.id);
    if (!isElement(node) || node.localName === "select" || choices.has(typeOf(node.getAttribute("type")))) return undefined;
    const text = data.text ?? "";
    return { ...data, source: source.input, isChecked: false, text: isMask(text) ? text : this.#masking.field(text, node) };
  }

  /** The pointer, but not where in a masked element it is: that may be a choice, or a key of a code. */
  #pointer(data: { source: number; id?: number; positions?: { id: number }[] }): object | undefined {
    const hidden = (id: number): boolean => this.#covers(this.#nodes.getNode(id));
    if (data.id !== undefined) return hidden(data.id) ? undefined : data;
    const positions = (data.positions ?? []).filter(({ id }) => !hidden(id));
    return positions.length > 0 ? { ...data, positions } : undefined;
  }

  #mutation(data: Mutation): Mutation {
    for (const add of data.adds) {
      const parent = this.#nodes.getNode(add.parentId);
      this.#tree(add.node, isElement(parent) ? parent.localName : "");
    }
    const attributes = data.attributes.flatMap(({ id, attributes: all }) => {
      const node = this.#nodes.getNode(id);
      const left = this.#attributes(all, this.#bearer(node), node);
      return Object.keys(left).length > 0 ? [{ id, attributes: left }] : [];
    });
    const texts = data.texts.map(({ id, value }) => {
      const node = this.#nodes.getNode(id);
      if (value === null) return { id, value };
      return { id, value: this.#text(value, node, node?.parentElement?.localName ?? "", this.#covers(node)) };
    });
    return { ...data, attributes, texts: [...texts, ...this.#again(texts)] };
  }

  /** Texts that were sent before a card number was seen in them. */
  #again(sent: Mutation["texts"]): Mutation["texts"] {
    const told = new Set(sent.map(({ id }) => id));
    return [...this.#others].flatMap((node) => {
      const id = this.#nodes.getId(node);
      if (id <= 0 || told.has(id)) return [];
      return [{ id, value: this.#text(node.data, node, node.parentElement?.localName ?? "", this.#covers(node)) }];
    });
  }

  #bearer(node: Node | null): Bearer {
    if (!isElement(node)) return { tag: "", type: "", masked: true, typed: true };
    const type = typeOf(node.getAttribute("type"));
    return { tag: node.localName, type, masked: this.#covers(node), typed: this.#typed(node, type) };
  }

  /** Whether an input is or ever was a field; must hear of each before it becomes a button. */
  #typed(node: Node | null, type: string): boolean {
    if (!isElement(node) || node.localName !== "input") return false;
    if (!isButton(type)) this.#fields.add(node);
    if (type === "password") this.#masking.wasPassword(node);
    return this.#fields.has(node);
  }

  #covers(node: Node | null): boolean {
    return node === null || this.#masking.covers(node, this.#known);
  }

  #attributes(all: Record<string, AttributeValue>, bearer: Bearer, living: Node | null): Record<string, AttributeValue> {
    const left: Record<string, AttributeValue> = {};
    for (const [name, value] of Object.entries(all)) {
      const kept = scrubAttribute(name, value, bearer);
      if (kept !== undefined) left[name] = typeof kept === "string" && readable.has(name.toLowerCase()) ? this.#echoes.hide(kept, living, name) : kept;
    }
    return left;
  }

  /** Walks a recorded tree with a stack of its own: a page may be deeper than the call stack. */
  #tree(root: RecordedNode, parentTag: string): void {
    const todo: [RecordedNode, boolean, string][] = [[root, false, parentTag]];
    for (let next = todo.pop(); next; next = todo.pop()) {
      const [node, under, tag] = next;
      const living = this.#nodes.getNode(node.id);
      const masked = under || this.#covers(living);
      if (node.type === nodeType.comment) node.textContent = "";
      else if (node.type === nodeType.text || node.type === nodeType.cdata) node.textContent = this.#text(node.textContent ?? "", living, tag, masked);
      if (node.type === nodeType.element) {
        this.#element(node, living, masked);
        if (silent.has(node.tagName ?? "")) node.childNodes = [];
      }
      const own = node.tagName ?? tag;
      for (const child of node.childNodes ?? []) todo.push([child, masked, own]);
    }
  }

  #element(node: RecordedNode, living: Node | null, masked: boolean): void {
    const all = node.attributes ?? {};
    const type = typeOf(typeof all["type"] === "string" ? all["type"] : null);
    const bearer = { tag: (node.tagName ?? "").toLowerCase(), type, masked, typed: this.#typed(living, type) };
    node.attributes = this.#attributes(all, bearer, living);
    if (bearer.tag === "img" && living && "width" in living && "height" in living) {
      // The picture itself stays here; its place must not collapse.
      node.attributes["width"] ??= String(living.width);
      node.attributes["height"] ??= String(living.height);
    }
  }

  #text(text: string, living: Node | null, tag: string, masked: boolean): string {
    if (tag === "style") return scrubCss(text, masked);
    if (tag === "textarea") return isMask(text) ? text : maskAll(text);
    if (masked) return maskText(text);
    if (silent.has(tag)) return "";
    return living?.nodeType === 3 && (living as Text).data === text ? this.#echoes.hideAt(living as Text, this.#others) : this.#echoes.hide(text);
  }
}

function typeOf(type: string | null): string {
  return (type ?? "").toLowerCase();
}

/** An address without query and fragment. */
function bareAddress(href: string): string {
  try {
    const { origin, pathname } = new URL(href);
    return origin + pathname;
  } catch {
    return "";
  }
}
