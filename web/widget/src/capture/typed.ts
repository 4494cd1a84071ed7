/** Fields whose last value is remembered. */
const mostFields = 64;
/** Earlier values of a field that are remembered, and how long each may be: a page may tell one late, or keep it. */
const [mostPast, longestPast] = [16, 1_000];
const kinds = new Set(["text", "tel", "password", "number", "search", "email", "url", "textarea"]);

/** A field that is typed into. */
export type FieldElement = HTMLInputElement | HTMLTextAreaElement;

/** A value that stood in a field, and at which look it was begun. */
export interface Stood {
  readonly last: string;
  readonly begun: number;
}

/** What is known of a field: what stood in it last, and before that what was no beginning of it. */
export interface Field extends Stood {
  readonly element: WeakRef<FieldElement>;
  secret: boolean;
  last: string;
  empty: boolean;
  begun: number;
  past: readonly Stood[];
}

/** A text as it stood when it was looked at, since which look, and what was made of it. */
export interface Told {
  readonly text: string;
  readonly since: number;
  readonly hidden: string;
}

/** What is remembered of fields, and of the texts that were told, for as long as the page stands: sharing may begin again. */
export class Typed {
  readonly known = new WeakMap<Element, Field>();
  /** Fields whose last value is known, the oldest first. */
  fields: readonly Field[] = [];
  /** Grows with each change of what is known of fields. */
  changes = 0;
  /** How often was looked. */
  looks = 0;
  /** At which look the page was told for the first time. */
  first: number | undefined;
  readonly #told = new Map<string, WeakMap<Node, Told>>();

  /** The texts told of nodes: their own for no name, else that of their attribute. */
  told(name: string): WeakMap<Node, Told> {
    const known = this.#told.get(name) ?? new WeakMap<Node, Told>();
    this.#told.set(name, known);
    return known;
  }

  /** Takes a field in. A field that is no secret goes when there are too many, else the oldest. */
  add(element: FieldElement): Field {
    const field: Field = { element: new WeakRef(element), secret: false, last: "", empty: true, begun: 0, past: [] };
    this.known.set(element, field);
    const out = this.fields.length < mostFields ? undefined : (this.fields.find(({ secret }) => !secret) ?? this.fields[0]);
    const gone = out?.element.deref();
    if (gone) this.known.delete(gone); // it comes in again when it is typed into
    this.fields = [...this.fields.filter((one) => one !== out), field];
    return field;
  }

  /** Takes the value of a field; one that begins otherwise than the last is another. */
  value(field: Field, value: string): void {
    if (value === "" || (value === field.last && !field.empty)) {
      field.empty = value === "";
      return;
    }
    const other = field.empty || value.charAt(0) !== field.last.charAt(0);
    if (other || !value.startsWith(field.last)) keep(field);
    field.empty = false;
    if (other) field.begun = this.looks + 1;
    field.last = value;
    this.changes++;
  }

  /** Takes a field for a secret, from now on. */
  secret(field: Field): void {
    field.secret = true;
    this.changes++;
  }
}

/** Remembers what stands in a field before another value does, if it is not the beginning of one that is remembered; the oldest goes. */
function keep(field: Field): void {
  const { last, begun, past } = field;
  if (last === "" || last.length > longestPast || past.some((one) => one.begun <= begun && one.last.startsWith(last))) return;
  field.past = [...past.filter((one) => one.begun < begun || !last.startsWith(one.last)), { last, begun }].slice(-mostPast);
}

/** Whether an element is a field that is typed into, and not one that is chosen or pressed. */
export function isField(node: Element | null): node is FieldElement {
  return node !== null && (node.localName === "input" || node.localName === "textarea") && "type" in node && typeof node.type === "string" && kinds.has(node.type);
}
